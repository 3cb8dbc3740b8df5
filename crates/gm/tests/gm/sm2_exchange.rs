use crate::sm2_agreement::Drawn;
use hefu_gm::provider::software;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{
    DEFAULT_ID, DecryptionKey, EXCHANGED_KEY_BYTES_MAX, ExchangeError, ExchangePeer, ExchangeRole,
    ExchangedKey, ID_BYTES_MAX, KeyExchange, PrivateKey,
};
use hex_literal::hex;

const INITIATOR: ExchangeRole = ExchangeRole::Initiator;
const RESPONDER: ExchangeRole = ExchangeRole::Responder;

/// One side of an exchange under the default identifier.
struct Side {
    key: DecryptionKey,
    exchange: KeyExchange,
    ephemeral: [u8; 65],
}

impl Side {
    fn make() -> Self {
        let key = DecryptionKey::make(&mut SystemRng).unwrap();
        let exchange = key.make_exchange(&mut SystemRng).unwrap();
        Self::new(key, exchange)
    }

    fn published(d: [u8; 32], r: [u8; 32]) -> Self {
        let key = DecryptionKey::from(PrivateKey::from_bytes(&d).unwrap());
        let exchange = key.make_exchange(&mut Drawn::new(&[r])).unwrap();
        Self::new(key, exchange)
    }

    fn new(key: DecryptionKey, exchange: KeyExchange) -> Self {
        Self {
            ephemeral: exchange.ephemeral_key(),
            key,
            exchange,
        }
    }

    fn peer(&self) -> ExchangePeer<'_> {
        ExchangePeer::new(self.key.encryption_key(), &self.ephemeral)
    }
}

/// Runs both sides, with `twist` applied to what the initiator sees of the responder.
fn run(
    bytes: usize,
    id_of_a: &[u8],
    twist: impl FnOnce(&mut ExchangePeer<'_>),
) -> (ExchangedKey, ExchangedKey) {
    let (a, b) = (Side::make(), Side::make());
    let (a_seen, b_seen) = ((a.key.clone(), a.ephemeral), (b.key.clone(), b.ephemeral));
    let mut seen_by_a = ExchangePeer::new(b_seen.0.encryption_key(), &b_seen.1);
    twist(&mut seen_by_a);
    let on_a = a.exchange.finish(INITIATOR, id_of_a, &seen_by_a, bytes);
    let seen_by_b = ExchangePeer::new(a_seen.0.encryption_key(), &a_seen.1);
    let on_b = b.exchange.finish(RESPONDER, DEFAULT_ID, &seen_by_b, bytes);
    (on_a.unwrap(), on_b.unwrap())
}

/// The example of GM/T 0003.5, annex B (GB/T 32918.5): keys, nonces, points, K of 128 bits and both
/// tags.
#[test]
fn standard_example() {
    let a = Side::published(
        hex!("81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029"),
        hex!("d4de15474db74d06491c440d305e012400990f3e390c7e87153c12db2ea60bb3"),
    );
    let b = Side::published(
        hex!("785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5"),
        hex!("7e07124814b309489125eaed101113164ebf0f3458c5bd88335c1f9d596243d6"),
    );
    assert_eq!(
        a.key.encryption_key().to_sec1(),
        hex!(
            "04"
            "160e12897df4edb61dd812feb96748fbd3ccf4ffe26aa6f6db9540af49c94232"
            "4a7dad08bb9a459531694beb20aa489d6649975e1bfcf8c4741b78b4b223007f"
        )
    );
    assert_eq!(
        b.key.encryption_key().to_sec1(),
        hex!(
            "04"
            "6ae848c57c53c7b1b5fa99eb2286af078ba64c64591b8b566f7357d576f16dfb"
            "ee489d771621a27b36c5c7992062e9cd09a9264386f3fbea54dff69305621c4d"
        )
    );
    assert_eq!(
        a.ephemeral,
        hex!(
            "04"
            "64ced1bdbc99d590049b434d0fd73428cf608a5db8fe5ce07f15026940bae40e"
            "376629c7ab21e7db260922499ddb118f07ce8eaae3e7720afef6a5cc062070c0"
        )
    );
    assert_eq!(
        b.ephemeral,
        hex!(
            "04"
            "acc27688a6f7b706098bc91ff3ad1bff7dc2802cdb14ccccdb0a90471f9bd707"
            "2fedac0494b2ffc4d6853876c79b8f301c6573ad0aa50f39fc87181e1a1b46fe"
        )
    );
    let (key_a, ephemeral_a) = (a.key.clone(), a.ephemeral);
    let on_a = a
        .exchange
        .finish(INITIATOR, DEFAULT_ID, &b.peer(), 16)
        .unwrap();
    let seen_by_b = ExchangePeer::new(key_a.encryption_key(), &ephemeral_a);
    let on_b = b
        .exchange
        .finish(RESPONDER, DEFAULT_ID, &seen_by_b, 16)
        .unwrap();
    for exchanged in [on_a, on_b] {
        assert_eq!(
            exchanged.as_bytes(),
            hex!("6c89347354de2484c60b4ab1fde4c6e5")
        );
        assert_eq!(
            exchanged.responder_tag(),
            &hex!("d3a0fe15dee185ceae907a6b595cc32a266ed7b3367e9983a896dc32fa20f8eb")
        );
        assert_eq!(
            exchanged.initiator_tag(),
            &hex!("18c7894b3816df16cf07b05c5ec0bef5d655d58f779cc1b400a4f3884644db88")
        );
    }
}

#[test]
fn both_sides_reach_one_key_of_any_length() {
    for bytes in [1, 16, 31, 32, 33, 48, EXCHANGED_KEY_BYTES_MAX] {
        let (on_a, on_b) = run(bytes, DEFAULT_ID, |_| ());
        assert_eq!(on_a.as_bytes(), on_b.as_bytes());
        assert_eq!(on_a.as_bytes().len(), bytes);
        assert!(on_a.confirms(RESPONDER, on_b.responder_tag()));
        assert!(on_b.confirms(INITIATOR, on_a.initiator_tag()));
        assert!(!on_a.confirms(INITIATOR, on_b.responder_tag()));
        assert!(!on_a.confirms(RESPONDER, &on_b.responder_tag()[..31]));
    }
}

/// Whoever differs in one input is left without the key, and its tag tells.
#[test]
fn each_difference_gives_another_key() {
    let other = Side::make();
    let differs = |(on_a, on_b): (ExchangedKey, ExchangedKey)| {
        assert_ne!(on_a.as_bytes(), on_b.as_bytes());
        assert!(!on_a.confirms(RESPONDER, on_b.responder_tag()));
        assert!(!on_b.confirms(INITIATOR, on_a.initiator_tag()));
    };
    differs(run(48, b"another", |_| ()));
    differs(run(48, DEFAULT_ID, |seen| seen.id = b"another"));
    let static_key = *other.key.encryption_key();
    let (a, b) = (Side::make(), Side::make());
    let impostor = ExchangePeer::new(&static_key, &b.ephemeral);
    let seen_by_b = (a.key.clone(), a.ephemeral);
    let on_a = a
        .exchange
        .finish(INITIATOR, DEFAULT_ID, &impostor, 48)
        .unwrap();
    let seen_by_b = ExchangePeer::new(seen_by_b.0.encryption_key(), &seen_by_b.1);
    let on_b = b
        .exchange
        .finish(RESPONDER, DEFAULT_ID, &seen_by_b, 48)
        .unwrap();
    differs((on_a, on_b));
}

#[test]
fn two_initiators_reach_different_keys() {
    let (a, b) = (Side::make(), Side::make());
    let (key_a, ephemeral_a) = (a.key.clone(), a.ephemeral);
    let on_a = a.exchange.finish(INITIATOR, DEFAULT_ID, &b.peer(), 48);
    let seen_by_b = ExchangePeer::new(key_a.encryption_key(), &ephemeral_a);
    let on_b = b.exchange.finish(INITIATOR, DEFAULT_ID, &seen_by_b, 48);
    assert_ne!(on_a.unwrap().as_bytes(), on_b.unwrap().as_bytes());
}

#[test]
fn what_cannot_be_exchanged_is_refused() {
    let b = Side::make();
    let finish = |id: &[u8], peer: &ExchangePeer<'_>, bytes| {
        let refused = Side::make().exchange.finish(RESPONDER, id, peer, bytes);
        refused.map(|_| ())
    };
    let long = vec![b'1'; ID_BYTES_MAX + 1];
    assert_eq!(finish(&long[1..], &b.peer(), 48), Ok(()));
    assert_eq!(finish(&long, &b.peer(), 48), Err(ExchangeError::IdTooLong));
    let long_peer = ExchangePeer {
        id: &long,
        ..b.peer()
    };
    assert_eq!(
        finish(DEFAULT_ID, &long_peer, 48),
        Err(ExchangeError::IdTooLong)
    );
    for bytes in [0, EXCHANGED_KEY_BYTES_MAX + 1, usize::MAX] {
        assert_eq!(
            finish(DEFAULT_ID, &b.peer(), bytes),
            Err(ExchangeError::KeyLength)
        );
    }
    for bit in 0..65 * 8 {
        let mut point = b.ephemeral;
        point[bit / 8] ^= 1 << (bit % 8);
        let peer = ExchangePeer::new(b.key.encryption_key(), &point);
        assert_eq!(finish(DEFAULT_ID, &peer, 48), Err(ExchangeError::Peer));
    }
    for bytes in [&b.ephemeral[..64], &[0], &[0; 65], &[]] {
        let peer = ExchangePeer::new(b.key.encryption_key(), bytes);
        assert_eq!(finish(DEFAULT_ID, &peer, 48), Err(ExchangeError::Peer));
    }
}

#[test]
fn works_through_the_handles() {
    let provider = software();
    let (a, b) = (
        provider.make_decryption_key().unwrap(),
        provider.make_decryption_key().unwrap(),
    );
    let (from_a, from_b) = (a.make_exchange().unwrap(), b.make_exchange().unwrap());
    let (ephemeral_a, ephemeral_b) = (from_a.ephemeral_key(), from_b.ephemeral_key());
    let seen_by_a = ExchangePeer::new(b.encryption_key(), &ephemeral_b);
    let seen_by_b = ExchangePeer::new(a.encryption_key(), &ephemeral_a);
    let on_a = from_a
        .finish(INITIATOR, DEFAULT_ID, &seen_by_a, 48)
        .unwrap();
    let on_b = from_b
        .finish(RESPONDER, DEFAULT_ID, &seen_by_b, 48)
        .unwrap();
    assert_eq!(on_a.as_bytes(), on_b.as_bytes());
}

#[test]
fn nothing_secret_is_printed() {
    let side = Side::make();
    assert_eq!(format!("{:?}", side.exchange), "KeyExchange(redacted)");
    let peer = Side::make();
    let exchanged = side
        .exchange
        .finish(INITIATOR, DEFAULT_ID, &peer.peer(), 48)
        .unwrap();
    assert_eq!(format!("{exchanged:?}"), "ExchangedKey(redacted)");
}
