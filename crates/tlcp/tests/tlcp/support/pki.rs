//! Authorities and identities, made once for all tests.

use std::sync::{Arc, OnceLock};

use hefu_gm::provider::{self, DecryptSm2, Provider, SignSm2};
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::PublicKey;
use hefu_gm::x509::{
    Authority, Certificate, CrlOrder, Name, Order, Profile, RevocationReason, Revoked, Role,
    ServerName, SubjectName, Trust, Validity, VerifiedCrl,
};
use hefu_tlcp::verify::{ClientTrust, ServerTrust};
use hefu_tlcp::{
    CipherSuite, ClientAuth, ClientConfig, ClientConfigBuilder, Identity, ServerConfig,
    ServerConfigBuilder,
};

/// The time of all tests, within the validity of all certificates.
pub(crate) const NOW_S: i64 = 1_790_000_000;

/// From a month before to a year after.
pub(crate) fn validity() -> Validity {
    Validity::new(NOW_S - 30 * 86_400, NOW_S + 365 * 86_400).unwrap()
}

pub(crate) struct Pki {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) root: Authority,
    pub(crate) between: Authority,
    pub(crate) between_key: Arc<dyn SignSm2>,
    pub(crate) server: Arc<Identity>,
    pub(crate) client: Arc<Identity>,
    /// The client without its encryption certificate.
    pub(crate) client_sign_only: Arc<Identity>,
}

pub(crate) fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(Pki::make)
}

/// Keys and certificates of one holder, to be put together by a test.
pub(crate) struct Holder {
    pub(crate) sign: (Certificate, Arc<dyn SignSm2>),
    pub(crate) encrypt: (Certificate, Arc<dyn DecryptSm2>),
}

impl Pki {
    pub(crate) fn make() -> Self {
        let provider = provider::software();
        let name = |text: &str| Name::parse(text).unwrap();
        let root = Authority::make_root(
            provider.make_signing_key().unwrap(),
            &name("CN=Root,O=Bank"),
            validity(),
            1,
            &mut SystemRng,
        )
        .unwrap();
        let key = provider.make_signing_key().unwrap();
        let certificate = root
            .issue(
                &Order {
                    subject: &name("CN=Devices,O=Bank"),
                    public_key: key.verifying_key().public_key(),
                    validity: validity(),
                    profile: Profile::Authority { path_length_max: 0 },
                    names: &[],
                },
                &mut SystemRng,
            )
            .unwrap();
        let between = Authority::new(certificate, Arc::clone(&key)).unwrap();
        let server = issue(
            &*provider,
            &between,
            Role::Server,
            "gateway.example",
            validity(),
        );
        let client = issue(&*provider, &between, Role::Client, "device 7", validity());
        let issuers = || vec![between.certificate().clone()];
        let client_sign_only = Identity::sign_only(client.sign.clone(), issuers()).unwrap();
        Self {
            server: Arc::new(Identity::new(server.sign, server.encrypt, issuers()).unwrap()),
            client: Arc::new(Identity::new(client.sign, client.encrypt, issuers()).unwrap()),
            client_sign_only: Arc::new(client_sign_only),
            provider,
            root,
            between,
            between_key: key,
        }
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::new(vec![self.root.certificate().clone()]).unwrap()
    }

    pub(crate) fn holder(&self, role: Role, name: &str, validity: Validity) -> Holder {
        issue(&*self.provider, &self.between, role, name, validity)
    }

    /// A list of the authority below the root in which only `revoked` stands.
    pub(crate) fn crl_of(&self, revoked: &Certificate) -> VerifiedCrl {
        let revoked = [Revoked {
            serial: revoked.serial().clone(),
            at_s: NOW_S - 10,
            reason: RevocationReason::KeyCompromise,
        }];
        let order = CrlOrder {
            number: 1,
            this_update_s: NOW_S - 10,
            next_update_s: NOW_S + 86_400,
            revoked: &revoked,
        };
        let crl = self.between.sign_crl(&order).unwrap();
        crl.verify(&*self.provider, self.between.certificate())
            .unwrap()
    }

    pub(crate) fn issuers(&self) -> Vec<Certificate> {
        vec![self.between.certificate().clone()]
    }

    /// A client that trusts the root and shows its certificates when asked.
    pub(crate) fn client_config(&self) -> ClientConfigBuilder {
        self.client_config_without_identity()
            .identity(Arc::clone(&self.client))
    }

    pub(crate) fn client_config_without_identity(&self) -> ClientConfigBuilder {
        let trust = ServerTrust::new(Arc::clone(&self.provider), self.trust());
        ClientConfig::builder(Arc::clone(&self.provider), Arc::new(trust))
    }

    pub(crate) fn client_trust(&self) -> ClientTrust {
        ClientTrust::new(Arc::clone(&self.provider), self.trust())
    }

    /// A server that asks clients for certificates and refuses those that have none.
    pub(crate) fn server_config(&self) -> ServerConfigBuilder {
        self.server_config_without_clients()
            .client_auth(ClientAuth::Required(Arc::new(self.client_trust())))
    }

    pub(crate) fn server_config_without_clients(&self) -> ServerConfigBuilder {
        let identity = Arc::new(Arc::clone(&self.server));
        ServerConfig::builder(Arc::clone(&self.provider), identity)
    }
}

/// The name that the server has.
pub(crate) fn server_name() -> ServerName {
    ServerName::parse("gateway.example").unwrap()
}

/// Client and server for one suite, with certificates on both sides.
pub(crate) fn mutual(suite: CipherSuite) -> (ClientConfigBuilder, ServerConfigBuilder) {
    (
        pki().client_config().suites(&[suite]),
        pki().server_config().suites(&[suite]),
    )
}

fn issue(
    provider: &dyn Provider,
    authority: &Authority,
    role: Role,
    name: &str,
    validity: Validity,
) -> Holder {
    let subject = Name::parse(&format!("CN={name},O=Bank")).unwrap();
    let names = match role {
        Role::Server => vec![SubjectName::Dns(name.to_owned())],
        Role::Client => vec![],
    };
    let certificate = |public_key: &PublicKey, profile| {
        let order = Order {
            subject: &subject,
            public_key,
            validity,
            profile,
            names: &names,
        };
        authority.issue(&order, &mut SystemRng).unwrap()
    };
    let sign = provider.make_signing_key().unwrap();
    let encrypt = provider.make_decryption_key().unwrap();
    Holder {
        sign: (
            certificate(sign.verifying_key().public_key(), Profile::Sign(role)),
            sign,
        ),
        encrypt: (
            certificate(
                encrypt.encryption_key().public_key(),
                Profile::Encrypt(role),
            ),
            encrypt,
        ),
    }
}
