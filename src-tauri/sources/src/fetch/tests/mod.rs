mod server;

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use backstory_core::job::{ProgressEvent, Silent};
use tempfile::TempDir;

use self::server::{Reply, Server, reply, with_header};
use super::*;

const CANARY: &str = "canary-session-7f3a";
const TOKEN: &str = "canary-token-91cc";

/// The smallest answer with a character in it.
fn character(id: u64) -> String {
    format!(
        r#"{{"id":0,"success":true,"message":"","data":{{"id":{id},"name":"Tamsin Reed","dateModified":"2025-03-01T18:30:00Z",
        "stats":[],"classes":[],"race":null,"bonusStats":[],"overrideStats":[],"modifiers":{{}},"inventory":[],
        "baseHitPoints":8,"removedHitPoints":0,"currencies":null,"choices":{{}},"actions":{{}},"characterValues":[],
        "readonlyUrl":"","campaign":{{"name":"The Tide","characters":[{{"username":"Zoë"}}]}}}}}}"#
    )
}

const PRIVATE: &str = r#"{"id":0,"success":false,"message":"An unexpected error has occured",
    "data":{"serverMessage":"Unauthorized Access Attempt.","errorCode":"c8990ca"},"pagination":null}"#;
const CHALLENGE: &str =
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>challenge</body></html>";

fn start() -> Timestamp {
    "2026-05-05T05:05:05Z".parse().unwrap()
}

/// A time that passes only by waiting for it.
struct Hand {
    now: Mutex<Timestamp>,
    waits: Mutex<Vec<u64>>,
    /// Whether waiting never ends.
    stuck: bool,
}

impl Hand {
    fn new(stuck: bool) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(start()), waits: Mutex::default(), stuck })
    }
}

#[async_trait]
impl Timer for Hand {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    async fn wait(&self, long: Duration) {
        self.waits.lock().unwrap().push(long.as_secs());
        if self.stuck {
            std::future::pending::<()>().await;
        }
        *self.now.lock().unwrap() += long;
    }
}

/// A keychain that is only a memory, or does not open.
#[derive(Default)]
struct Memory {
    secret: Mutex<Option<Secret>>,
    opened: Mutex<u32>,
}

impl Keychain for Memory {
    fn get(&self) -> Result<Option<Secret>> {
        *self.opened.lock().unwrap() += 1;
        Ok(self.secret.lock().unwrap().clone())
    }

    fn set(&self, secret: &Secret) -> Result<()> {
        *self.secret.lock().unwrap() = Some(secret.clone());
        Ok(())
    }

    fn forget(&self) -> Result<bool> {
        Ok(self.secret.lock().unwrap().take().is_some())
    }
}

/// A server, a folder, a clock and a fetcher.
struct Place {
    server: Server,
    folder: TempDir,
    timer: Arc<Hand>,
    keychain: Arc<Memory>,
}

impl Place {
    async fn new(characters: Vec<Reply>, tokens: Vec<Reply>) -> Self {
        let place = Self {
            server: Server::start(characters, tokens).await,
            folder: tempfile::tempdir().unwrap(),
            timer: Hand::new(false),
            keychain: Arc::default(),
        };
        Consent::in_folder(place.folder.path()).agree(DDB, start()).unwrap();
        place
    }

    fn fetcher(&self) -> DdbFetcher {
        let base = self.server.base.clone();
        let parts = Parts {
            endpoints: Endpoints { characters: base.clone(), tokens: base },
            limits: Limits { total: Duration::from_millis(1500), ..Limits::default() },
            timer: self.timer.clone(),
            keychain: self.keychain.clone(),
        };
        DdbFetcher::new(self.folder.path(), parts)
    }

    async fn fetch(&self, address: &str) -> Result<Draft> {
        self.fetcher().fetch(address, &Silent, &Cancel::default()).await
    }

    async fn refused(replies: Vec<Reply>) -> (Error, Self) {
        let place = Self::new(replies, vec![]).await;
        let error = place.fetch("7001").await.unwrap_err();
        assert!(error.kept.is_some() && error.hint.is_some(), "{error:?}");
        (error, place)
    }

    fn waits(&self) -> Vec<u64> {
        self.timer.waits.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_public_character_needs_one_request_and_no_credential() {
    let place = Place::new(vec![reply(200, character(7001))], vec![]).await;
    place.keychain.set(&Secret::new(CANARY)).unwrap();
    let draft = place.fetch("https://www.dndbeyond.com/characters/7001/builder").await.unwrap();
    assert_eq!((draft.character.as_str(), draft.source), ("ddb-7001", "ddb"));
    assert_eq!((draft.captured_at, draft.origin), (start(), None));
    assert!(!String::from_utf8_lossy(&draft.document).contains("Zoë"), "other players are cut out");
    let heads = place.server.heads();
    assert_eq!(heads.len(), 1);
    let head = heads[0].to_lowercase();
    assert!(head.starts_with("get /character/v5/character/7001?includecustomitems=true http/1.1"), "{head}");
    assert!(head.contains(&format!("user-agent: backstory/{}\r\n", env!("CARGO_PKG_VERSION"))), "{head}");
    assert!(!head.contains("cookie") && !head.contains("authorization"), "{head}");
    assert_eq!(*place.keychain.opened.lock().unwrap(), 0);
}

#[tokio::test]
async fn nothing_is_asked_before_the_player_agreed() {
    let place = Place::new(vec![reply(200, character(7001))], vec![]).await;
    std::fs::remove_file(place.folder.path().join("consent.json")).unwrap();
    let error = place.fetch("7001").await.unwrap_err();
    assert_eq!(error.code, Code::ConsentNeeded);
    assert!(place.server.heads().is_empty());
}

#[tokio::test]
async fn what_is_no_address_costs_no_turn() {
    let place = Place::new(vec![reply(200, character(7001))], vec![]).await;
    assert_eq!(
        place.fetch("https://example.org/characters/7001").await.unwrap_err().code,
        Code::InvalidArgument
    );
    place.fetch("7001").await.unwrap();
    assert!(place.waits().is_empty());
}

#[tokio::test]
async fn every_no_has_its_own_words() {
    let page = |status| reply(status, CHALLENGE);
    let said_no = r#"{"id":1,"success":false,"message":"nope","data":null}"#;
    let mute = r#"{"id":1,"success":false,"message":null,"data":null}"#;
    let redirect = with_header(302, "location: http://127.0.0.2:9/login", "");
    let cases = [
        ("private, 403", reply(403, PRIVATE)),
        ("private, 200", reply(200, PRIVATE)),
        ("private, no body", reply(403, "")),
        ("401", reply(401, "")),
        ("404", reply(404, r#"{"success":false,"message":"Not Found"}"#)),
        ("410", reply(410, "")),
        ("400", reply(400, r#"{"success":false,"message":"Invalid request"}"#)),
        ("says no", reply(200, said_no)),
        ("says no, mute", reply(200, mute)),
        ("challenge, 200", page(200)),
        ("challenge, 403", page(403)),
        ("challenge, 503", page(503)),
        ("redirect", redirect),
        ("empty", reply(200, "")),
        ("text", reply(200, "hello")),
        ("other JSON", reply(200, r#"{"data":{}}"#)),
        ("cut JSON", reply(200, &character(7001).as_bytes()[..200])),
        ("cut body", Reply::Cut(character(7001).into_bytes())),
        ("another character", reply(200, character(7002))),
        ("silent", Reply::Silent),
    ];
    let mut told = String::new();
    for (name, reply) in cases {
        let (error, place) = Place::refused(vec![reply]).await;
        assert_eq!(place.server.heads().len(), 1, "{name}: asked once");
        told += &format!("{name}: {} {}\n", serde_json::to_value(error.code).unwrap(), error.message);
    }
    insta::assert_snapshot!(told, @r#"
    private, 403: "character_private" D&D Beyond says this character is private.
    private, 200: "character_private" D&D Beyond says this character is private.
    private, no body: "character_private" D&D Beyond says this character is private.
    401: "character_private" D&D Beyond says this character is private.
    404: "character_gone" D&D Beyond has no such character: it was deleted, or the number is wrong.
    410: "character_gone" D&D Beyond has no such character: it was deleted, or the number is wrong.
    400: "source_refused" D&D Beyond gave no character. It says: Invalid request.
    says no: "source_refused" D&D Beyond gave no character. It says: nope.
    says no, mute: "source_refused" D&D Beyond gave no character, and no reason.
    challenge, 200: "web_page" D&D Beyond sent a web page instead of the character, most likely one that checks for robots.
    challenge, 403: "web_page" D&D Beyond sent a web page instead of the character, most likely one that checks for robots.
    challenge, 503: "web_page" D&D Beyond sent a web page instead of the character, most likely one that checks for robots.
    redirect: "source_redirected" D&D Beyond sent Backstory to another address, which it does not follow.
    empty: "file_empty" D&D Beyond answered with something that is not JSON.
    text: "not_json" D&D Beyond answered with something that is not JSON.
    other JSON: "format_unknown" D&D Beyond answered with JSON that is not a character Backstory knows.
    cut JSON: "json_truncated" The answer of D&D Beyond stopped in the middle.
    cut body: "json_truncated" The answer of D&D Beyond stopped in the middle.
    another character: "source_refused" D&D Beyond sent another character than the one that was asked for.
    silent: "source_unreachable" D&D Beyond cannot be reached: this computer seems to be offline, or the server is.
    "#);
}

#[tokio::test]
async fn what_the_server_says_goes_along() {
    let (error, _) = Place::refused(vec![reply(403, PRIVATE)]).await;
    assert_eq!(error.details["errorCode"], "c8990ca");
    assert_eq!(error.details["serverMessage"], "Unauthorized Access Attempt.");
    assert_eq!(error.details["status"], 403);
}

#[tokio::test]
async fn an_endless_answer_is_cut_off_at_the_limit() {
    let (error, _) = Place::refused(vec![Reply::Endless]).await;
    assert_eq!(error.code, Code::FileTooLarge);
    assert_eq!(error.message, "The answer of D&D Beyond has more than 8 MB. No character has.");
    let announced = Reply::Whole { status: 200, headers: String::new(), body: vec![b' '; (8 << 20) + 1] };
    assert_eq!(Place::refused(vec![announced]).await.0.code, Code::FileTooLarge);
}

#[tokio::test]
async fn an_answer_that_stops_coming_is_given_up() {
    let began = Instant::now();
    let (error, _) = Place::refused(vec![Reply::Stalled]).await;
    assert_eq!((error.code, error.details["reason"].as_str()), (Code::SourceUnreachable, Some("timeout")));
    assert!(error.retryable && began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let place = Place::new(vec![], vec![]).await;
    let fetch = async |base: &str| {
        let parts = Parts {
            endpoints: Endpoints { characters: base.to_owned(), tokens: base.to_owned() },
            limits: Limits { connect: Duration::from_secs(2), ..Limits::default() },
            timer: Hand::new(false),
            keychain: place.keychain.clone(),
        };
        let folder = tempfile::tempdir().unwrap();
        Consent::in_folder(folder.path()).agree(DDB, start()).unwrap();
        let fetcher = DdbFetcher::new(folder.path(), parts);
        let error = fetcher.fetch("1", &Silent, &Cancel::default()).await.unwrap_err();
        assert_eq!(error.code, Code::SourceUnreachable);
        error.details["reason"].as_str().unwrap().to_owned()
    };
    // A port that was free a moment ago, a name that can never be, and a server that speaks no TLS.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(fetch(&format!("http://{free}")).await, "connection");
    assert_eq!(fetch("http://nobody.invalid").await, "dns");
    assert_eq!(fetch(&place.server.base.replace("http:", "https:")).await, "tls");
}

#[tokio::test]
async fn a_server_with_problems_is_asked_again_and_not_for_ever() {
    let place = Place::new(vec![reply(500, ""), reply(502, ""), reply(200, character(7001))], vec![]).await;
    place.fetch("7001").await.unwrap();
    assert_eq!(place.waits(), [1, 2]);

    let (error, place) = Place::refused(vec![reply(500, "")]).await;
    assert_eq!((error.code, error.retryable), (Code::SourceFailed, true));
    assert_eq!((place.server.heads().len(), place.waits()), (3, vec![1, 2]));
}

#[tokio::test]
async fn a_server_that_names_a_time_is_asked_then() {
    for header in ["retry-after: 7", "retry-after: Tue, 05 May 2026 05:05:12 GMT"] {
        let place = Place::new(vec![with_header(429, header, ""), reply(200, character(7001))], vec![]).await;
        place.fetch("7001").await.unwrap();
        assert_eq!(place.waits(), [7], "{header}");
    }
}

#[tokio::test]
async fn a_time_that_is_far_off_is_told_and_kept_to_by_everybody() {
    let place =
        Place::new(vec![with_header(429, "retry-after: 3600", ""), reply(200, character(1))], vec![]).await;
    let error = place.fetch("7001").await.unwrap_err();
    assert_eq!((error.code, error.retryable), (Code::RateLimited, true));
    assert_eq!(error.hint.unwrap(), "Try again after 2026-05-05 06:05:05 UTC.");
    assert_eq!(error.details["retry_at"], "2026-05-05T06:05:05Z");
    // Another program of the same account does not even ask.
    let error = place.fetch("1").await.unwrap_err();
    assert_eq!((error.code, place.server.heads().len()), (Code::RateLimited, 1));
    *place.timer.now.lock().unwrap() += SignedDuration::from_mins(60);
    place.fetch("1").await.unwrap();
    assert!(place.waits().is_empty());
}

#[tokio::test]
async fn two_fetchers_share_one_pace() {
    let place = Place::new(vec![reply(200, character(7001))], vec![]).await;
    let waited = Mutex::new(Vec::new());
    struct Heard<'a>(&'a Mutex<Vec<Timestamp>>);
    impl Progress for Heard<'_> {
        fn report(&self, event: ProgressEvent) {
            if let ProgressEvent::Waiting { until } = event {
                self.0.lock().unwrap().push(until);
            }
        }
    }
    place.fetcher().fetch("7001", &Heard(&waited), &Cancel::default()).await.unwrap();
    place.fetcher().fetch("7001", &Heard(&waited), &Cancel::default()).await.unwrap();
    assert_eq!(place.waits(), [30]);
    assert_eq!(*waited.lock().unwrap(), [start() + pace::BETWEEN]);

    // Many at once: each has a turn of its own.
    let (one, other) = (place.fetcher(), place.fetcher());
    let (silent, cancel) = (Silent, Cancel::default());
    let (a, b) = tokio::join!(one.fetch("7001", &silent, &cancel), other.fetch("7001", &silent, &cancel));
    assert!(a.is_ok() && b.is_ok());
    assert!(place.timer.now() >= start() + pace::BETWEEN * 3);

    // A clock that was set back, and a file that is damaged, keep nobody waiting.
    *place.timer.now.lock().unwrap() = start() - SignedDuration::from_hours(90_000);
    place.fetch("7001").await.unwrap();
    std::fs::write(place.folder.path().join("ddb-asked.json"), "{\"last").unwrap();
    let before = place.waits().len();
    place.fetch("7001").await.unwrap();
    assert_eq!(place.waits().len(), before);
}

#[tokio::test]
async fn a_wait_can_be_stopped() {
    let place = Place::new(vec![reply(200, character(7001))], vec![]).await;
    place.fetch("7001").await.unwrap();
    let stuck = Place { timer: Hand::new(true), ..place };
    let cancel = Cancel::default();
    /// Stops as soon as it hears of a wait.
    struct Impatient<'a>(&'a Cancel);
    impl Progress for Impatient<'_> {
        fn report(&self, event: ProgressEvent) {
            assert!(matches!(event, ProgressEvent::Waiting { .. }));
            self.0.cancel();
        }
    }
    let error = stuck.fetcher().fetch("7001", &Impatient(&cancel), &cancel).await.unwrap_err();
    assert_eq!((error.code, stuck.server.heads().len()), (Code::Cancelled, 1));
}

fn given_token() -> Reply {
    reply(200, format!(r#"{{"token":"{TOKEN}","ttl":300}}"#))
}

#[tokio::test]
async fn a_private_character_is_shown_to_its_players_session() {
    let place = Place::new(vec![reply(403, PRIVATE), reply(200, character(7001))], vec![given_token()]).await;
    place.keychain.set(&Secret::new(CANARY)).unwrap();
    place.fetch("7001").await.unwrap();
    let heads = place.server.heads();
    assert_eq!(heads.len(), 3);
    assert!(heads[1].starts_with("POST /v1/cobalt-token HTTP/1.1"), "{}", heads[1]);
    assert!(heads[1].contains(&format!("CobaltSession={CANARY}")) && !heads[0].contains(CANARY));
    assert!(heads[2].contains(&format!("Bearer {TOKEN}")) && !heads[2].contains(CANARY));
}

#[tokio::test]
async fn a_session_that_is_over_is_not_the_same_as_a_private_character() {
    let cases = [
        (reply(401, ""), Code::SessionExpired),
        (reply(403, "{}"), Code::SessionExpired),
        (reply(200, r#"{"token":null,"ttl":0}"#), Code::SessionExpired),
        (reply(200, r#"{"token":"a\nb"}"#), Code::SessionExpired),
        (reply(403, CHALLENGE), Code::WebPage),
        (reply(500, ""), Code::SourceFailed),
        (reply(429, ""), Code::RateLimited),
        (given_token(), Code::CharacterPrivate),
    ];
    for (token, code) in cases {
        let place = Place::new(vec![reply(403, PRIVATE)], vec![token]).await;
        place.keychain.set(&Secret::new(CANARY)).unwrap();
        assert_eq!(place.fetch("7001").await.unwrap_err().code, code);
    }
}

/// Everything that is logged, down to the last detail.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_session_is_told_to_nobody() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    // With one subscriber alone, a test beside this one, which has none, could decide that nobody listens.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let echo =
        format!(r#"{{"success":false,"message":"no {CANARY}","data":{{"serverMessage":"{CANARY}"}}}}"#);
    let mut told = String::new();
    for (character, token) in [
        (reply(403, PRIVATE), reply(401, echo.clone())),
        (reply(403, PRIVATE), reply(500, echo.clone())),
        (reply(403, PRIVATE), Reply::Cut(echo.clone().into_bytes())),
        (reply(403, PRIVATE), Reply::Silent),
        (reply(403, PRIVATE), with_header(302, "location: http://127.0.0.2:9/", "")),
        (reply(403, PRIVATE), given_token()),
    ] {
        let place = Place::new(vec![character], vec![token]).await;
        place.keychain.set(&Secret::new(CANARY)).unwrap();
        let error = place.fetch("7001").await.unwrap_err();
        told += &format!("{error} {error:?} {}\n", serde_json::to_string(&error).unwrap());
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            told += &format!("{inner} {inner:?}\n");
            cause = inner.source();
        }
        for file in std::fs::read_dir(place.folder.path()).unwrap() {
            told += &std::fs::read_to_string(file.unwrap().path()).unwrap();
        }
    }
    drop(guard);
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("answered"), "the log was listened to");
    for secret in [CANARY, TOKEN] {
        assert!(!told.contains(secret), "{told}");
        assert!(!logged.contains(secret), "{logged}");
    }
}
