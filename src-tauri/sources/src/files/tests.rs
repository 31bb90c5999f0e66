use std::fs;

use super::*;

/// The smallest document that is a D&D Beyond character, written for this.
fn document(id: u32, campaign: &str) -> String {
    format!(
        r#"{{"id":{id},"name":"Tamsin Reed","dateModified":"2025-03-01T18:30:00Z","stats":[],"classes":[],"race":null,
        "bonusStats":[],"overrideStats":[],"modifiers":{{}},"inventory":[],"baseHitPoints":8,"removedHitPoints":0,
        "currencies":null,"choices":{{}},"actions":{{}},"characterValues":[],"readonlyUrl":"","campaign":{campaign}}}"#
    )
}

const CAMPAIGN: &str = r#"{"name":"The Tide","dmUsername":"dm","characters":[{"username":"Zoë"}]}"#;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn read_one(files: &Files, path: &Path) -> Result<Draft> {
    let list = files.list(&[path.to_owned()]).await;
    assert_eq!(list.len(), 1);
    files.read(&list[0], None).await
}

fn names(list: &[IntakeFile]) -> Vec<String> {
    list.iter().map(|file| file.path.rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_file_becomes_a_draft() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tamsin.json");
    fs::write(&path, document(7001, CAMPAIGN)).unwrap();
    let draft = read_one(&Files::new(), &path).await.unwrap();
    assert_eq!(
        (draft.character.as_str(), draft.source, draft.origin.as_deref()),
        ("ddb-7001", "ddb", Some("tamsin.json"))
    );
    let cut: Vec<_> = draft.cuts.iter().map(|cut| cut.pointer.as_str()).collect();
    assert_eq!(cut, ["/campaign/dmUsername", "/campaign/characters"]);
    let minimal = r#"{"name":"The Tide","dmUsername":null,"characters":[]}"#;
    assert_eq!(std::str::from_utf8(&draft.document).unwrap(), document(7001, minimal));
    assert_eq!(draft.sheet.campaign.as_deref(), Some("The Tide"));

    let whole = read_one(&Files::new().minimise(false), &path).await.unwrap();
    assert_eq!(*whole.document, document(7001, CAMPAIGN).as_bytes());
    assert!(whole.cuts.is_empty());
}

#[tokio::test]
async fn when_it_was_captured() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::new();
    let named = folder.path().join("tamsin_2025-07-16.json");
    fs::write(&named, document(7001, "null")).unwrap();
    let list = files.list(std::slice::from_ref(&named)).await;
    let given = time("2020-01-01T00:00:00Z");
    assert_eq!(files.read(&list[0], Some(given)).await.unwrap().captured_at, given);
    assert_eq!(files.read(&list[0], None).await.unwrap().captured_at, time("2025-07-16T00:00:00Z"));

    let plain = folder.path().join("tamsin.json");
    fs::write(&plain, document(7001, "null")).unwrap();
    assert_eq!(read_one(&files, &plain).await.unwrap().captured_at, time("2025-03-01T18:30:00Z"));

    let undated = document(7001, "null").replace("dateModified", "campaignSetting");
    fs::write(&plain, undated).unwrap();
    let written = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    fs::File::options().write(true).open(&plain).unwrap().set_modified(written).unwrap();
    assert_eq!(read_one(&files, &plain).await.unwrap().captured_at, time("2020-09-13T12:26:40Z"));
}

#[tokio::test]
async fn every_encoding_is_the_same_document() {
    let files = Files::new();
    let text = document(7001, CAMPAIGN);
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let mark = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
    let mut documents = Vec::new();
    for bytes in [text.into_bytes(), utf16, mark] {
        let file = files.hold(bytes, Timestamp::UNIX_EPOCH);
        documents.push(files.read(&file, None).await.unwrap().document);
    }
    assert!(documents.iter().all(|document| *document == documents[0]));
}

#[tokio::test]
async fn what_was_piped_in_has_a_name_and_a_time() {
    let files = Files::new();
    let now = time("2026-05-05T05:05:05Z");
    files.hold(document(7001, "null").replace("dateModified", "campaignSetting").into_bytes(), now);
    let draft = read_one(&files, Path::new(STDIN)).await.unwrap();
    assert_eq!((draft.captured_at, draft.origin), (now, None));
}

#[cfg(unix)]
#[tokio::test]
async fn folders_are_spread_in_the_order_of_capture() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("older/deep")).unwrap();
    fs::create_dir_all(root.join(".hidden")).unwrap();
    for name in [
        "b.json",
        "a.JSON",
        "x_2025-07-16T10-00-00.json",
        "older/y_2024-01-01.json",
        "older/deep/z_2025-07-16.json",
        "notes.txt",
        ".secret.json",
        ".hidden/c.json",
    ] {
        fs::write(root.join(name), "{}").unwrap();
    }
    fs::write(outside.path().join("far.json"), "{}").unwrap();
    std::os::unix::fs::symlink(outside.path().join("far.json"), root.join("far.json")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.join("away")).unwrap();
    std::os::unix::fs::symlink(root, root.join("around")).unwrap();
    std::os::unix::fs::symlink(root.join("b.json"), root.join("near.json")).unwrap();
    let list = Files::new().list(&[root.to_owned(), root.join("b.json")]).await;
    assert_eq!(
        names(&list),
        [
            "y_2024-01-01.json",
            "z_2025-07-16.json",
            "x_2025-07-16T10-00-00.json",
            "a.JSON",
            "b.json",
            "near.json"
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_listed_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::new();
    let missing = read_one(&files, &folder.path().join("gone.json")).await.unwrap_err();
    assert_eq!(missing.code, Code::FileUnreadable);
    assert_eq!(missing.message, "gone.json is not there. It may have been moved or renamed.");

    fs::create_dir(folder.path().join("Characters")).unwrap();
    let nothing = read_one(&files, &folder.path().join("Characters")).await.unwrap_err();
    assert_eq!(
        (nothing.code, nothing.message.as_str()),
        (Code::FileEmpty, "There is no JSON file in Characters.")
    );

    // Chosen by hand, a file of any name is read.
    let page = folder.path().join("sheet.html");
    fs::write(&page, "<!doctype html><title>Just a moment...</title>").unwrap();
    assert_eq!(read_one(&files, &page).await.unwrap_err().code, Code::WebPage);

    #[cfg(unix)]
    {
        let device = read_one(&files, Path::new("/dev/null")).await.unwrap_err();
        assert_eq!((device.code, device.message.as_str()), (Code::FileUnreadable, "null is not a file."));
    }
}

#[tokio::test]
async fn a_huge_file_is_refused_by_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.json");
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let error = read_one(&Files::new(), &path).await.unwrap_err();
    assert_eq!(error.code, Code::FileTooLarge);
    assert_eq!(error.message, "The file has 1,024 MB. Backstory reads files up to 64 MB.");
}

#[tokio::test]
async fn a_million_brackets_are_refused() {
    let files = Files::new();
    let file = files.hold("[".repeat(1_000_000).into_bytes(), Timestamp::UNIX_EPOCH);
    assert_eq!(files.read(&file, None).await.unwrap_err().code, Code::JsonTooDeep);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_name_that_is_not_unicode_is_read() {
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"tam\xFFsin.json"));
    fs::write(&path, document(7001, "null")).unwrap();
    let draft = read_one(&Files::new(), &path).await.unwrap();
    assert_eq!(draft.origin.as_deref(), Some("tam\u{FFFD}sin.json"));
}

#[tokio::test]
async fn what_no_source_knows_is_named_where_it_can_be() {
    let files = Files::new();
    let mut said = Vec::new();
    for text in [
        r#"{"name":"x","type":"character","system":{},"items":[]}"#,
        r#"{"exportedAt":"","actor":{"type":"npc","data":{},"items":[]}}"#,
        r#"{"jsonType":"character","data":"{}"}"#,
        r#"{"Character":[],"Skill":[]}"#,
        r#"{"name":"x"}"#,
        "[]",
        "7",
    ] {
        let file = files.hold(text.as_bytes().to_vec(), Timestamp::UNIX_EPOCH);
        let error = files.read(&file, None).await.unwrap_err();
        assert!(error.hint.is_some() && error.kept.is_some());
        said.push(format!("{:?} {}", error.code, error.message));
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    FormatUnsupported This Foundry actor is not of D&D 5e, the only system Backstory reads.
    FormatUnsupported This Foundry actor is not of D&D 5e, the only system Backstory reads.
    FormatUnsupported This is a character from Long Story Short, which Backstory does not read.
    FormatUnsupported This is a character from Adventurer’s Codex, which Backstory does not read.
    FormatUnknown The file is sound JSON, but it is not a character that Backstory knows.
    FormatUnknown The file is sound JSON, but it is not a character that Backstory knows.
    FormatUnknown The file is sound JSON, but it is not a character that Backstory knows.
    "#);
}
