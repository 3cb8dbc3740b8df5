//! Archives that contradict themselves, ask for too much, or are cut.

use hefu_audit::zip::{Archive, Disagreement, Entry, Limits, ReadError, ZipError};

use crate::archive::{Built, build, deflated, stored};

fn parse(bytes: &[u8]) -> Archive<'_> {
    Archive::parse(bytes, &Limits::default()).unwrap()
}

fn pair() -> Built {
    build(&[stored("first", b"one"), deflated("second", &[7; 4_000])])
}

fn read<'a>(archive: &Archive<'a>, name: &str) -> Result<Vec<u8>, ReadError> {
    archive
        .read(archive.entry(name.as_bytes()).unwrap())
        .map(std::borrow::Cow::into_owned)
}

#[test]
fn a_well_formed_archive_agrees_with_itself() {
    let mut entries = vec![
        stored("a", b"one"),
        deflated("b", &[7; 4_000]),
        stored("folder/", b""),
    ];
    entries[1].flags = 8;
    let built = build(&entries);
    let archive = parse(&built.bytes);
    assert_eq!(archive.disagreements(), []);
    assert_eq!(archive.prefix(), b"");
    assert_eq!(read(&archive, "a").unwrap(), b"one");
    assert_eq!(read(&archive, "b").unwrap(), [7; 4_000]);
    let names: Vec<_> = archive.entries().iter().map(Entry::name_lossy).collect();
    assert_eq!(names, ["a", "b", "folder/"]);
    assert!(archive.entries()[2].is_directory());
    assert_eq!(archive.entry(b"c"), None);
}

/// What an archive says of itself after one change.
fn after(change: impl FnOnce(&mut Built)) -> Vec<Disagreement> {
    let mut built = pair();
    change(&mut built);
    parse(&built.bytes).disagreements().to_vec()
}

#[test]
fn every_contradiction_between_headers_is_listed() {
    use Disagreement::{
        CompressedSize, Crc, Descriptor, EncryptedFlag, Flags, Method, Name, NoLocalHeader,
        StoredSize, UncompressedSize, UnknownMethod,
    };

    assert_eq!(after(|_| ()), []);
    let local = |built: &Built, entry: usize, field: usize| built.locals[entry] + field;
    let central = |built: &Built, entry: usize, field: usize| built.centrals[entry] + field;
    assert_eq!(
        after(|b| _ = b.patch(local(b, 0, 0), b"XX")),
        [NoLocalHeader { entry: 0 }]
    );
    assert_eq!(
        after(|b| _ = b.patch(local(b, 0, 30), b"F")),
        [Name { entry: 0 }]
    );
    assert_eq!(
        after(|b| _ = b.patch(local(b, 1, 8), &[0, 0])),
        [Method {
            entry: 1,
            central: 8,
            local: 0
        }]
    );
    assert_eq!(
        after(|b| _ = b.patch(local(b, 1, 6), &[0, 8])),
        [Flags {
            entry: 1,
            central: 0,
            local: 0x0800
        }]
    );
    assert_eq!(
        after(|b| _ = b.patch(local(b, 1, 14), &[1, 2, 3, 4])),
        [Crc { entry: 1 }]
    );
    assert_eq!(
        after(|b| _ = b.patch(local(b, 1, 18), &[9])),
        [CompressedSize { entry: 1 }]
    );
    assert_eq!(
        after(|b| _ = b.patch(local(b, 1, 22), &[9])),
        [UncompressedSize { entry: 1 }]
    );
    assert_eq!(
        after(|b| _ = b.patch(central(b, 1, 8), &[1])),
        [
            EncryptedFlag { entry: 1 },
            Flags {
                entry: 1,
                central: 1,
                local: 0
            }
        ]
    );
    assert_eq!(
        after(|b| _ = b.patch(central(b, 1, 10), &[99])),
        [
            UnknownMethod {
                entry: 1,
                method: 99
            },
            Method {
                entry: 1,
                central: 99,
                local: 8
            }
        ]
    );
    assert_eq!(
        after(|b| _ = b.patch(central(b, 0, 20), &[2])),
        [StoredSize { entry: 0 }, CompressedSize { entry: 0 }]
    );
    assert_eq!(
        after(|b| {
            b.patch(local(b, 1, 6), &[8]);
            b.patch(central(b, 1, 8), &[8]);
        }),
        [Descriptor { entry: 1 }]
    );
}

#[test]
fn entries_that_share_bytes_or_names_are_listed() {
    let mut built = pair();
    let first = u32::try_from(built.locals[0]).unwrap();
    built.patch(built.centrals[1] + 42, &first.to_le_bytes());
    let found = parse(&built.bytes).disagreements().to_vec();
    assert!(
        found.contains(&Disagreement::Overlap {
            first: 0,
            second: 1
        }),
        "{found:?}"
    );
    let doubled = build(&[stored("a", b"1"), stored("b", b"2"), stored("a", b"3")]);
    let archive = parse(&doubled.bytes);
    assert_eq!(
        archive.disagreements(),
        [Disagreement::DuplicateName {
            first: 0,
            second: 2
        }]
    );
    assert_eq!(read(&archive, "a").unwrap(), b"1");
}

#[test]
fn bytes_that_belong_to_nothing_are_listed() {
    use Disagreement::{BeforeEndRecord, DirectoryTrailing, SecondEndRecord};

    assert_eq!(
        after(|b| _ = b.patch(b.end + 8, &[1, 0, 1, 0])),
        [DirectoryTrailing { bytes: 46 + 6 }]
    );
    let mut gap = pair();
    gap.bytes.splice(gap.end..gap.end, *b"gap");
    assert_eq!(
        parse(&gap.bytes).disagreements(),
        [BeforeEndRecord { bytes: 3 }]
    );
    let mut rival = pair();
    let comment = [&b"PK\x05\x06"[..], &[0; 20]].concat();
    let at = rival.end + 20;
    rival.patch(at, &24_u16.to_le_bytes());
    rival.bytes.extend(&comment);
    let offset = u64::try_from(rival.end + 22).unwrap();
    assert_eq!(
        parse(&rival.bytes).disagreements(),
        [SecondEndRecord { offset }]
    );
}

#[test]
fn an_encrypted_flag_is_believed_only_if_the_contents_are_wrong() {
    let mut flagged = pair();
    flagged.patch(flagged.centrals[0] + 8, &[1]);
    assert_eq!(read(&parse(&flagged.bytes), "first").unwrap(), b"one");
    let mut encrypted = flagged.clone();
    encrypted.patch(encrypted.locals[0] + 35, b"?");
    assert_eq!(
        read(&parse(&encrypted.bytes), "first"),
        Err(ReadError::Encrypted)
    );
}

#[test]
fn contents_must_have_the_declared_size() {
    for declared in [3_999_u32, 4_001] {
        let mut lying = pair();
        lying.patch(lying.centrals[1] + 24, &declared.to_le_bytes());
        assert_eq!(
            read(&parse(&lying.bytes), "second"),
            Err(ReadError::SizeMismatch)
        );
    }
    let mut garbled = pair();
    let data = garbled.locals[1] + 36;
    garbled.patch(data, &[0xff, 0xff]);
    assert_eq!(
        read(&parse(&garbled.bytes), "second"),
        Err(ReadError::Inflate)
    );
    // "a", then three bytes from one byte before; then from four bytes before, where nothing is,
    // which some decoders read as zeros.
    let reference = |packed: [u8; 4]| {
        let mut entry = stored("aaaa", b"");
        (entry.method, entry.size, entry.packed) = (8, 4, packed.to_vec());
        read(&parse(&build(&[entry]).bytes), "aaaa")
    };
    assert_eq!(reference([0x4b, 0x04, 0x02, 0x00]).unwrap(), b"aaaa");
    assert_eq!(reference([0x4b, 0x04, 0x62, 0x00]), Err(ReadError::Inflate));
    let mut outside = pair();
    outside.patch(outside.centrals[0] + 24, &u32::MAX.to_le_bytes()[..3]);
    assert_eq!(
        read(&parse(&outside.bytes), "first"),
        Err(ReadError::DataOutOfRange)
    );
}

#[test]
fn what_asks_for_too_much_is_refused_and_its_honest_twin_passes() {
    let bomb = build(&[deflated("bomb", &vec![0; 1 << 20]), stored("other", b"1")]);
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let read = |limits: &Limits| {
        let archive = Archive::parse(&bomb.bytes, limits).unwrap();
        archive
            .read(archive.entry(b"bomb").unwrap())
            .map(|contents| contents.len())
    };
    assert_eq!(read(&Limits::default()), Ok(1 << 20));
    let bytes = 1 << 20;
    assert_eq!(
        read(&limits(|l| l.entry_bytes_max = (1 << 20) - 1)),
        Err(ReadError::TooLarge { bytes })
    );
    assert_eq!(read(&limits(|l| l.ratio_max = 100)), Err(ReadError::Ratio));
    let parse = |limits: &Limits| Archive::parse(&bomb.bytes, limits).err();
    assert_eq!(parse(&limits(|l| l.entries_max = 2)), None);
    assert_eq!(
        parse(&limits(|l| l.entries_max = 1)),
        Some(ZipError::TooManyEntries { count: 2 })
    );
    assert_eq!(parse(&limits(|l| l.name_bytes_max = 5)), None);
    assert_eq!(
        parse(&limits(|l| l.name_bytes_max = 4)),
        Some(ZipError::NameTooLong { index: 1 })
    );
    assert_eq!(parse(&limits(|l| l.total_bytes_max = (1 << 20) + 1)), None);
    assert_eq!(
        parse(&limits(|l| l.total_bytes_max = 1 << 20)),
        Some(ZipError::TotalTooLarge {
            bytes: (1 << 20) + 1
        })
    );
}

#[test]
fn zip64_numbers_are_taken_where_the_old_ones_are_saturated() {
    let mut built = pair();
    let (directory, end) = (built.directory as u64, built.end as u64);
    // The first record of the directory gets its offset from an extra field.
    let at = built.centrals[0];
    let extra = [
        &1_u16.to_le_bytes()[..],
        &8_u16.to_le_bytes(),
        &0_u64.to_le_bytes(),
    ]
    .concat();
    built
        .patch(at + 42, &u32::MAX.to_le_bytes())
        .patch(at + 30, &12_u16.to_le_bytes());
    built.bytes.splice(at + 51..at + 51, extra);
    let size = end - directory + 12;
    let end = built.end + 12;
    let mut wide = b"PK\x06\x06".to_vec();
    wide.extend(44_u64.to_le_bytes());
    wide.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [2_u64, 2, size, directory] {
        wide.extend(number.to_le_bytes());
    }
    wide.extend(b"PK\x06\x07\0\0\0\0");
    wide.extend((end as u64).to_le_bytes());
    wide.extend(1_u32.to_le_bytes());
    built.bytes.splice(end..end, wide.iter().copied());
    built.patch(end + wide.len() + 16, &u32::MAX.to_le_bytes());
    let archive = parse(&built.bytes);
    assert!(archive.end().zip64 && archive.entries()[0].zip64);
    assert_eq!(read(&archive, "first").unwrap(), b"one");
    assert_eq!(read(&archive, "second").unwrap(), [7; 4_000]);
    assert_eq!(archive.disagreements(), []);
}

#[test]
fn cutting_an_archive_anywhere_is_an_error_and_never_a_panic() {
    let built = pair();
    for length in 0..built.bytes.len() {
        assert_eq!(
            Archive::parse(&built.bytes[..length], &Limits::default()).err(),
            Some(ZipError::NoEndRecord)
        );
    }
}

#[test]
fn changing_any_byte_never_panics() {
    let built = pair();
    for at in 0..built.bytes.len() {
        for value in [0x00, 0x01, 0x7f, 0xff] {
            let mut changed = built.bytes.clone();
            changed[at] = value;
            if let Ok(archive) = Archive::parse(&changed, &Limits::default()) {
                for entry in archive.entries() {
                    let _ = archive.read(entry);
                }
            }
        }
    }
}
