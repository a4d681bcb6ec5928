//! T18: tiles, read back with nothing but what is in them. `tests/e2e/tlog` reads them with Go's packages alone.

use super::*;
use crate::audit::{
    AuditError, Cause,
    export::export_on,
    note::Note,
    store::FileSystem as _,
    tree::{Frontier, Hash},
};

const TILES: &str = "tiles";

fn exported(system: &Memory) -> Result<Note, AuditError> {
    export_on(system, Path::new(LOG), Path::new(TILES))
}

fn file(system: &Memory, name: &str) -> Option<Vec<u8>> {
    system.read(format!("{TILES}/{name}"))
}

/// Records of the bundles of a log of that size, each as it was hashed.
fn leaves(system: &Memory, size: u64) -> Vec<Hash> {
    let mut leaves = Vec::new();
    for bundle in 0..size.div_ceil(256) {
        let count = (size - bundle * 256).min(256);
        let part = if count < 256 { format!(".p/{count}") } else { String::new() };
        let bytes = file(system, &format!("tile/entries/{bundle:03}{part}")).expect("a bundle");
        let tile = file(system, &format!("tile/0/{bundle:03}{part}")).expect("a tile");
        let mut rest = &*bytes;
        for hash in tile.chunks(32) {
            let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
            let leaf = Hash::leaf(&rest[2..2 + length]);
            assert_eq!(hash, leaf.0);
            rest = &rest[2 + length..];
            leaves.push(leaf);
        }
        assert!(rest.is_empty());
    }
    leaves
}

#[test]
fn tiles_hold_every_record_and_lead_to_the_head() {
    for commits in [&[1][..], &[255], &[256], &[200, 100, 400], &[70_000]] {
        let (system, receipts) = log_of(options(), commits);
        let note = exported(&system).unwrap();
        let head = &receipts.last().unwrap().note;
        assert_eq!(note, *head);
        assert_eq!(file(&system, "checkpoint").unwrap(), head.encode().as_bytes());
        let size = note.checkpoint.size;
        let leaves = leaves(&system, size);
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|leaf| frontier.push(*leaf));
        assert_eq!((frontier.size(), frontier.root()), (size, note.checkpoint.root));
        let above: Vec<u8> = leaves
            .chunks_exact(256)
            .flat_map(|tile| {
                let mut frontier = Frontier::default();
                tile.iter().for_each(|leaf| frontier.push(*leaf));
                frontier.root().0
            })
            .collect();
        let full = above.len() / 32;
        let name = if full >= 256 { "tile/1/000".to_owned() } else { format!("tile/1/000.p/{full}") };
        assert_eq!(file(&system, &name).unwrap_or_default(), above[..full.min(256) * 32]);
    }
}

#[test]
fn an_export_grows_with_its_log_and_takes_no_other() {
    let (system, _) = log_of(options(), &[300]);
    exported(&system).unwrap();
    let mut writer = open(&system, options()).unwrap();
    writer.append(&decisions(300..600)).unwrap();
    drop(writer);
    assert_eq!(exported(&system).unwrap().checkpoint.size, leaves(&system, 601).len() as u64);

    let (other, _) = log_of(options(), &[10]);
    let checkpoint = file(&system, "checkpoint").unwrap();
    other.create_directory(Path::new(TILES)).unwrap();
    other.put(format!("{TILES}/checkpoint"), checkpoint);
    assert_eq!(exported(&other).unwrap_err().cause(), Cause::Rollback);
    assert!(file(&other, "tile/0/000.p/11").is_none(), "nothing is written for a log that was cut");
}

#[test]
fn nothing_is_exported_unsigned_or_into_a_folder_of_others() {
    let (system, _) = log_of(unsigned(), &[3]);
    let error = exported(&system).unwrap_err();
    assert!(error.to_string().contains("UNSIGNED") && error.cause() == Cause::Usage, "{error}");
    assert!(file(&system, "checkpoint").is_none());
    let (system, _) = log_of(options(), &[3]);
    system.create_directory(Path::new(TILES)).unwrap();
    system.put(format!("{TILES}/notes.txt"), "mine");
    assert_eq!(exported(&system).unwrap_err().cause(), Cause::Usage);
}
