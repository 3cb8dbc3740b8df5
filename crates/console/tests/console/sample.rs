//! A deployment that never was: clauses as they stand, made-up devices and decisions.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use hefu_console::{Health, Source};
use hefu_evidence::{
    Class, ClassLatency, EventFilter, EventPage, EventRecord, Evidence, EvidencedRow, spool,
};
use hefu_standards::{Kind, Served, catalogue, clauses_of, coverage, coverage::Row, reasons};
use hefu_store::{
    CertificateRecord, DeviceRecord, DeviceStatus, Devices, EventOutcome, Events, Store,
    StoreError, memory::MemoryStore,
};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, RequestId},
    key::{Algorithm, PublicKey},
};

macro_rules! served {
    ($($kind:ident $krate:literal $module:literal $($clause:literal)+;)+) => {
        &[$(Served {
            krate: $krate,
            module: $module,
            file: concat!($krate, "/src/", $module, ".rs"),
            kind: Kind::$kind,
            clauses: &[$($clause),+],
        }),+]
    };
}

/// What a deployment of today registers, by and large.
static REGISTRY: &[Served] = served! {
    Code "crates/gateway" "guards/channel" "AP-5.2" "CJ-4.3.3.b";
    Code "crates/gateway" "guards/limits" "JR-6.2.2.g" "JR-6.2.4.c";
    Code "crates/gateway" "guards/mask" "CJ-4.3.5.b" "CJ-6.4.3.f" "JR-6.2.3.a";
    Code "crates/gateway" "guards/permission" "CJ-6.4.3.d" "JR-6.1.6.1.a";
    Code "crates/gateway" "guards/replay" "AN-1" "CJ-6.3.d.4" "CJ-6.4.3.c" "JR-6.2.2.a";
    Code "crates/gateway" "guards/route" "CJ-6.4.4" "JR-6.1.6.1.a";
    Code "crates/gateway" "guards/schema" "JR-6.2.4.a" "JR-6.2.4.c" "JR-6.2.4.e" "JR-6.2.5";
    Code "crates/gateway" "guards/session" "CJ-6.3.d.2" "CJ-6.4.3.a" "JR-6.2.2.b" "JR-6.2.2.e";
    Code "crates/gateway" "guards/signature" "AN-10" "CJ-4.3.3.e" "CJ-6.3.d.3" "CJ-6.4.3.b"
        "JR-6.1.5.1" "JR-6.1.5.3";
    Code "crates/gateway" "guards/unseal" "AP-5.5" "CJ-4.3.3.c" "CJ-6.4.3.e" "JR-6.1.5.2.a";
    Code "crates/gateway" "guards/upstream" "CJ-5.3.f";
    Code "crates/gateway" "transport/tls" "AP-5.1" "AP-5.3" "CJ-4.3.3.a" "CJ-6.3.d.1";
    Code "crates/identity" "sessions" "CJ-4.2.2.e" "CJ-6.3.e" "JR-6.1.4.b" "JR-6.2.2.c"
        "JR-6.2.2.d" "JR-6.2.2.f";
    Code "crates/identity" "users" "JR-6.2.1.1.a" "JR-6.2.1.1.b" "JR-6.2.1.2.a";
    Code "crates/identity" "devices" "JR-6.3.1.g";
    Code "crates/store" "backup" "JR-6.2.3.d";
    Code "crates/evidence" "spool" "JR-6.2.4.f";
    Code "crates/gm" "sm2" "CJ-4.2.2.b" "JR-6.1.8.b";
    Probe "crates/assess" "probes/registration_replayed" "AN-1" "CJ-6.3.d.4" "CJ-6.4.3.c";
    Probe "crates/assess" "probes/parallel_copies" "CJ-6.3.d.4" "CJ-6.4.3.c" "JR-6.2.2.a";
    Probe "crates/assess" "probes/changed_body" "CJ-6.3.d.3" "CJ-6.4.3.b" "JR-6.1.5.1";
    Probe "crates/assess" "probes/weak_suites" "AP-5.1" "JR-6.1.8.b";
    Probe "crates/assess" "probes/foreign_object_read" "JR-6.1.6.1.a" "JR-6.3.1.e";
    Probe "crates/assess" "probes/sql_injection" "JR-6.2.4.e";
    Probe "crates/assess" "probes/unmasked_fields" "JR-6.2.3.a" "CJ-4.3.5.b";
    Probe "crates/assess" "probes/console_reachable" "JR-6.1.6.3";
    Check "crates/audit" "checks/debuggable" "AP-1.4.1" "CJ-5.3.a";
    Check "crates/audit" "checks/hard_coded_keys" "AP-1.2.2" "AP-1.2.4";
};

const GUARDS: [(&str, &[&str]); 6] = [
    ("replay", &["nonce-seen", "too-old", "from-the-future"]),
    (
        "signature",
        &["does-not-hold", "digest-differs", "components-missing"],
    ),
    ("session", &["token-unknown", "idle", "another-device"]),
    ("permission", &["another-owner"]),
    ("schema", &["range", "unknown-field", "type"]),
    ("limits", &["rate"]),
];

const FUNCTIONS: [(&str, Class); 6] = [
    ("T2001", Class::Trade),
    ("Q1001", Class::Quote),
    ("Q1002", Class::Quote),
    ("B3001", Class::Bus),
    ("B3002", Class::Bus),
    ("B3003", Class::Bus),
];

const MODELS: [(&str, &str); 8] = [
    ("android", "Xiaomi 15 Pro"),
    ("harmony", "HUAWEI Mate 70 Pro+"),
    ("ios", "iPhone 16"),
    ("android", "OPPO Find X8"),
    ("harmony", "HUAWEI Pura 70"),
    ("ios", "iPad Pro 13″ (M4)"),
    ("android", "荣耀 Magic7"),
    ("other", "simulated phone 8"),
];

/// All of it.
#[derive(Debug)]
pub(crate) struct Sample {
    store: Arc<MemoryStore>,
    evidence: Evidence,
    rows: Vec<Row>,
    dice: Mutex<Dice>,
    is_broken: AtomicBool,
}

/// The same throws every time.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's MMIX generator; its high bits are good enough to look lively.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[usize::try_from(self.below(things.len() as u64)).unwrap()]
    }
}

impl Sample {
    /// 73 devices, and six hours of decisions before `now`.
    pub(crate) async fn new(now: Timestamp) -> Self {
        let store = Arc::new(MemoryStore::new());
        let sample = Self {
            evidence: Evidence::new(Arc::clone(&store) as Arc<dyn Store>),
            rows: coverage(catalogue(), &[REGISTRY, hefu_console::REGISTRY], reasons()),
            store,
            dice: Mutex::new(Dice(7)),
            is_broken: AtomicBool::new(false),
        };
        for number in 0..73 {
            sample.enrol(&device(number, now)).await;
        }
        for age_s in (0..6 * 3_600).rev().step_by(9) {
            sample.happen(now.plus_secs(-age_s)).await;
        }
        sample
    }

    /// Adds a device.
    pub(crate) async fn enrol(&self, device: &DeviceRecord) {
        assert!(self.store.insert_device(device).await.unwrap());
    }

    /// Another decision, as the dice say; its request id.
    pub(crate) async fn happen(&self, at: Timestamp) -> RequestId {
        let event = {
            let mut dice = self.dice.lock().unwrap();
            event(&mut dice, at)
        };
        self.record(event).await
    }

    /// Records a decision under the next number.
    pub(crate) async fn record(&self, event: EventRecord) -> RequestId {
        let seq = self.store.last_event_seq().await.unwrap() + 1;
        let event = EventRecord { seq, ..event };
        self.store
            .append_events(std::slice::from_ref(&event))
            .await
            .unwrap();
        event.request_id
    }

    /// From now on the store does not answer, or does again.
    pub(crate) fn break_store(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::SeqCst);
    }

    fn answers(&self) -> Result<(), StoreError> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("secret-inner-detail".into()));
        }
        Ok(())
    }
}

/// A device of that number.
pub(crate) fn device(number: u8, now: Timestamp) -> DeviceRecord {
    let mut dice = Dice(u64::from(number) + 1);
    dice.below(2);
    let id = [0; 16].map(|_: u8| u8::try_from(dice.below(256)).unwrap());
    let (platform, model) = dice.one_of(&MODELS);
    let age_days = i64::try_from(dice.below(80)).unwrap() + 1;
    let enrolled_at = now.plus_secs(-age_days * 86_400 - i64::from(number) * 777);
    let status = match number % 24 {
        7 => DeviceStatus::Frozen,
        15 => DeviceStatus::Revoked,
        _ => DeviceStatus::Active,
    };
    DeviceRecord {
        id: DeviceId::from_bytes(id),
        signature_key: key(),
        certificate: CertificateRecord {
            sha256: [number; 32],
            not_after: enrolled_at.plus_secs(90 * 86_400),
        },
        user: None,
        platform: platform.to_owned(),
        model: model.to_owned(),
        status,
        status_at: enrolled_at.plus_secs(3_600),
        enrolled_at,
    }
}

/// The public key of RFC 8032's first test vector.
fn key() -> PublicKey {
    let high = 0xd75a_9801_82b1_0ab7_d54b_fed3_c964_073a_u128.to_be_bytes();
    let low = 0x0ee1_72f3_daa6_2325_af02_1a68_f707_511a_u128.to_be_bytes();
    let bytes = [high, low].concat();
    PublicKey::from_bytes(Algorithm::Ed25519, &bytes).unwrap()
}

fn event(dice: &mut Dice, at: Timestamp) -> EventRecord {
    let (function, class) = dice.one_of(&FUNCTIONS);
    let is_refused = dice.below(9) == 0;
    let (guard, reasons) = dice.one_of(&GUARDS);
    let (guard, reason, status, code) = match (is_refused, guard) {
        (false, _) => ("mask", "", 200, None),
        (true, "permission") => (guard, dice.one_of(reasons), 404, Some("not-found")),
        (true, "schema") => (guard, dice.one_of(reasons), 400, Some("invalid")),
        (true, "limits") => (guard, dice.one_of(reasons), 429, Some("rate-limited")),
        (true, _) => (guard, dice.one_of(reasons), 401, Some("unauthenticated")),
    };
    let number = u8::try_from(dice.below(73)).unwrap();
    let served_micros = u32::try_from(match (class, dice.below(100)) {
        (_, 0..=1) => 90_000 + dice.below(500_000),
        (Class::Quote, _) => 400 + dice.below(3_000),
        (Class::Trade, _) => 3_000 + dice.below(60_000),
        (Class::Bus, _) => 1_500 + dice.below(20_000) * dice.below(4),
    });
    let refused_micros = u32::try_from(40 + dice.below(600)).unwrap();
    let clauses = clauses_of_pass(is_refused, guard);
    EventRecord {
        seq: 0,
        request_id: request_id(dice, at),
        at,
        function: Some(function.into()),
        device: (guard != "limits").then(|| device(number, at).id),
        guard: guard.into(),
        clauses: clauses.iter().map(|clause| Box::from(*clause)).collect(),
        outcome: if is_refused {
            EventOutcome::Refused
        } else {
            EventOutcome::Allowed
        },
        code: code.map(Into::into),
        reason: reason.into(),
        class: Some(class.as_str().into()),
        status,
        micros: if is_refused {
            refused_micros
        } else {
            served_micros.unwrap()
        },
        served: !is_refused,
    }
}

/// Those of the guard that refused, or of all that let it pass.
fn clauses_of_pass(is_refused: bool, guard: &str) -> Vec<&'static str> {
    if is_refused {
        return clauses_of(REGISTRY, &format!("guards/{guard}")).to_vec();
    }
    let guards = REGISTRY
        .iter()
        .filter(|served| served.module.starts_with("guards/"));
    let mut clauses: Vec<&str> = guards.flat_map(|served| served.clauses).copied().collect();
    clauses.sort_unstable();
    clauses.dedup();
    clauses
}

fn request_id(dice: &mut Dice, at: Timestamp) -> RequestId {
    let [_, _, a, b, c, d, e, f] = at.millis().to_be_bytes();
    let mut bytes = [0; 16].map(|_: u8| u8::try_from(dice.below(256)).unwrap());
    bytes[..6].copy_from_slice(&[a, b, c, d, e, f]);
    (bytes[6], bytes[8]) = (0x70 | bytes[6] & 0x0f, 0x80 | bytes[8] & 0x3f);
    RequestId::from_bytes(bytes)
}

#[async_trait]
impl Source for Sample {
    async fn coverage(&self) -> Result<Vec<EvidencedRow>, StoreError> {
        self.answers()?;
        self.evidence.coverage(self.rows.clone()).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, StoreError> {
        self.answers()?;
        self.evidence.events(filter, page).await
    }

    async fn latency(&self, since: Timestamp) -> Result<[ClassLatency; 3], StoreError> {
        self.answers()?;
        self.evidence.latency(since).await
    }

    async fn devices(
        &self,
        after: Option<DeviceId>,
        rows_max: u32,
    ) -> Result<Vec<DeviceRecord>, StoreError> {
        self.answers()?;
        self.store.devices(after, rows_max).await
    }

    async fn device(&self, id: DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        self.answers()?;
        self.store.device(id).await
    }

    async fn set_device_status(
        &self,
        id: DeviceId,
        status: DeviceStatus,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.answers()?;
        Ok(self
            .store
            .set_device_status(id, status, now)
            .await?
            .is_some())
    }

    async fn health(&self) -> Health {
        let recorded = self.store.last_event_seq().await.unwrap_or(0);
        Health {
            store_answers: self.answers().is_ok(),
            spool: Some(spool::Health {
                is_recording: true,
                recorded,
                unrecorded: 0,
                imported: recorded,
                spooled_bytes: 0,
                torn_bytes: 0,
                failed_imports: 0,
            }),
        }
    }
}
