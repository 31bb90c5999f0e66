#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

use proptest::prelude::*;

use super::*;

const DOCS: &str = include_str!("../../../../docs/configuration.md");
const USUAL: &str = "/home/mira/library.sqlite";

/// A configuration of one file and an environment.
fn read(text: &str, format: Format, environment: &[(&str, &str)], library: Option<&str>) -> Result<Config> {
    let lookup = |name: &str| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Config::read(Layers {
        home: Ok(USUAL.to_owned()),
        file: Some(File { path: "config", text, format }),
        environment: Environment {
            names: environment.iter().map(|(name, _)| (*name).to_owned()).collect(),
            lookup: &lookup,
        },
        library: library.map(str::to_owned),
    })
}

fn toml(text: &str) -> Result<Config> {
    read(text, Format::Toml, &[], None)
}

fn yaml(text: &str) -> Result<Config> {
    read(text, Format::Yaml, &[], None)
}

/// What a player reads.
fn told(config: Result<Config>) -> String {
    let error = config.unwrap_err();
    assert_eq!(error.code, Code::ConfigInvalid);
    format!("{}\n{}", error.message, error.hint.unwrap_or_default())
}

#[test]
fn without_a_word_said_the_defaults_hold() {
    let config = toml("").unwrap();
    assert_eq!(config.library.reveal(), HOME);
    assert_eq!(config.names(), [HOME]);
    let home = &config.libraries[HOME];
    assert_eq!(home.address.reveal(), USUAL);
    assert_eq!((home.read_only, &home.read_replica, home.encoding), (false, &None, None));
    assert_eq!(home.pool, PoolConfig { size: 20, wait_seconds: 10 });
    assert!(config.settings.values().all(|setting| setting.origin == Origin::Default));
    let unnamed = config.unnamed(Address::new("other.sqlite"));
    assert_eq!((unnamed.address.reveal(), unnamed.pool), ("other.sqlite", home.pool));
}

#[test]
fn what_is_measured_is_served_to_this_computer_only() {
    for listen in ["127.0.0.1:9464", "localhost:1", "[::1]:65535", "127.8.8.8:9"] {
        let config = toml(&format!("[metrics]\nlisten = '{listen}'")).unwrap();
        assert_eq!(config.metrics.listen.as_deref(), Some(listen));
    }
    for listen in [
        "0.0.0.0:9464",
        "192.168.1.2:9464",
        "9464",
        "127.0.0.1",
        "127.0.0.1:99999",
        "example.org:1",
        "[::]:1",
        "127.0.0:1",
    ] {
        let said = told(toml(&format!("[metrics]\nlisten = '{listen}'")));
        assert!(said.contains("an address of this computer with a port"), "{said}");
    }
    let config = toml("").unwrap();
    assert_eq!((config.metrics.listen, config.alerts), (None, AlertsConfig::default()));
    assert_eq!(
        toml("[alerts]\nsilent_days = 3\nnotify = true").unwrap().alerts,
        AlertsConfig { silent_days: 3, notify: true, ..AlertsConfig::default() }
    );
    assert_eq!(config.backup.folder, None);
}

#[test]
fn flags_go_before_the_environment_before_the_file_before_the_defaults() {
    let text = "library = 'file'\n[libraries.file]\naddress = 'f.db'\npool = { wait_seconds = 1 }";
    let wait = ("BACKSTORY_LIBRARIES__FILE__POOL__WAIT_SECONDS", "2");
    let library = ("BACKSTORY_LIBRARY", "env.db");
    let look = |environment: &[(&str, &str)], flag| {
        let config = read(text, Format::Toml, environment, flag).unwrap();
        let library = &config.settings["library"];
        assert_eq!(library.value.to_string(), config.library.to_string());
        (library.clone(), config.libraries["file"].pool.wait_seconds)
    };
    let (library_from_file, wait_from_file) = look(&[], None);
    assert_eq!(
        (library_from_file.value.to_string().as_str(), library_from_file.origin.to_string().as_str()),
        ("file", "config, line 1")
    );
    assert_eq!(wait_from_file, 1);
    let (from_environment, wait_from_environment) = look(&[wait, library], None);
    assert_eq!(from_environment.origin.to_string(), "BACKSTORY_LIBRARY");
    assert_eq!(wait_from_environment, 2);
    let (from_flag, _) = look(&[wait, library], Some("flag.db"));
    assert_eq!(
        (from_flag.value.to_string().as_str(), from_flag.origin.to_string().as_str()),
        ("flag.db", "--library")
    );
    assert_eq!(
        look(&[("BACKSTORY_LIBRARY", "")], None).0,
        library_from_file,
        "an empty variable says nothing"
    );
}

#[test]
fn a_variable_can_make_a_library() {
    let environment = [
        ("BACKSTORY_LIBRARIES__ONE_SHOTS__READ_ONLY", "true"),
        ("BACKSTORY_LIBRARIES__TABLE__ADDRESS", "postgres://db/b"),
        ("BACKSTORY_LOG", "debug"),
        ("PATH", "/bin"),
    ];
    let config = read("libraries.one-shots.address = 'o.db'", Format::Toml, &environment, None).unwrap();
    assert_eq!(config.names(), ["home", "one-shots", "table"]);
    assert!(config.libraries["one-shots"].read_only);
    assert_eq!(config.libraries["table"].address.reveal(), "postgres://db/b");
}

#[test]
fn only_an_encoding_that_is_said_reaches_the_store() {
    let config =
        toml("libraries.home.encoding = { compression = 'gzip', level = 6, delta = false }").unwrap();
    let expected =
        Encoding { compression: Compression::Gzip, level: Some(6), delta: false, ..Encoding::default() };
    assert_eq!(config.libraries[HOME].encoding, Some(expected));
    let config = toml("libraries.home.encoding.delta = false").unwrap();
    assert_eq!(config.libraries[HOME].encoding, Some(Encoding { delta: false, ..Encoding::default() }));
}

#[test]
fn a_library_that_waits_for_a_variable_does_not_keep_the_others_shut() {
    let config = toml("[libraries.table]\naddress = '${DATABASE_URL}'").unwrap();
    assert!(config.named(HOME).unwrap().is_ok());
    let error = config.named("table").unwrap().unwrap_err();
    insta::assert_snapshot!(format!("{}\n{}", error.message, error.hint.unwrap()), @r"
    config, line 2: `libraries.table.address` uses the variable DATABASE_URL, which is not set or empty.
    Set DATABASE_URL before Backstory starts, or write ${DATABASE_URL:-…} with what to take without it.
    ");
    assert_eq!(config.settings["libraries.table.address"].value, Value::Unset("${DATABASE_URL}".to_owned()));
    assert!(config.named("nobody").is_none());
    assert!(toml("library = '${NONE}'").is_err(), "which library is opened must be known");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let mut out = String::new();
    for text in [
        "adress = 'x.db'",
        "[libraries.home]\n\nadres = 'x.db'",
        "[libraries.home]\npool_size = 3",
        "address = 'x.db'",
        "[libraries.home.pool]\nzzz = 1",
        "[libraries.home]\npool = 3",
        "libraries = 'x.db'",
        "[libraries.home.pool]\nsize = '30'",
        "[libraries.home.pool]\nsize = 60",
        "[libraries.home.pool]\nwait_seconds = 1.5",
        "[libraries.home]\nread_only = 'yes'",
        "[libraries.home]\naddress = ['a.db']",
        "[libraries.home]\naddress = ''",
        "[libraries.home.encoding]\ncompression = 'zst'",
        "[libraries.home.encoding]\ncompression = 'brotli'",
        "[libraries.home.encoding]\ncompression = 'lz4'\nlevel = 3",
        "[libraries.home.encoding]\ncompression = 'gzip'\nlevel = 12",
        "[libraries.table]\nread_only = true",
        "[libraries.'My Table']\naddress = 'x.db'",
        "[libraries.home.pool]\nsize = 3",
        "[libraries.home]\nread_replica = 'postgres://db/b'",
        "[libraries.home]\naddress = '${HOME'",
        "[libraries.home]\naddress = '${}'",
        "library = '${NONE}'",
        "[cache]\nkind = 'tiered'",
        "[cache]\nbackend = 'tierd'",
        "[cache]\nbackend = 'redis'",
        "[cache]\nredis.redis_url = 'http://CANARY@host'",
        "[cache.memory]\nmax_memory = 5",
        "[libraries.home]\ncache = { memory = 5 }",
        "[storage]\nbakend = 'file_json'",
        "[storage]\nbackend = 'file'",
        "[storage]\nstorage_root = 'x'",
        "[storage]\nbackend = 'file_json'",
        "[storage]\nbackend = 'file_json'\nstorage_root = 'x'\ndsn = 'postgres://db/b'",
        "[storage]\nbackend = 'file_json'\nstorage_root = 'x'\ncompression = 'brotli'",
        "[storage]\nbackend = 'file_json'\nstorage_root = 'x'\n[libraries.home]\naddress = 'y.db'",
        "library = 'y.db'\n[storage]\nbackend = 'file_json'\nstorage_root = 'x'",
        "[storage]\nbackend = 'database_postgres'\ndsn = 'CANARY.db'",
        "[storage]\nbackend = 'database_postgres'\ndsn = 'postgres://db/b'\nenable_partitioning = false",
        "[libraries.home\naddress = 'x.db'",
        "library = 'a'\nlibrary = 'b'",
    ] {
        out.push_str(&told(toml(text)));
        out.push_str("\n\n");
    }
    insta::assert_snapshot!(out, @r#"
    config, line 1: `adress` is not a key Backstory knows.
    Did you mean `libraries.NAME.address`?

    config, line 3: `libraries.home.adres` is not a key Backstory knows.
    Did you mean `address`?

    config, line 2: `libraries.home.pool_size` is not a key Backstory knows.
    Did you mean `libraries.NAME.pool.size`?

    config, line 1: `address` is not a key Backstory knows.
    Did you mean `libraries.NAME.address`?

    config, line 2: `libraries.home.pool.zzz` is not a key Backstory knows.
    Known there: `size`, `wait_seconds`.

    config, line 2: `libraries.home.pool` must hold keys, and is the number 3.
    docs/configuration.md has every key and what it takes.

    config, line 1: `libraries` must hold keys, and is text.
    docs/configuration.md has every key and what it takes.

    config, line 2: `libraries.home.pool.size` must be a whole number from 1 to 50, and is text.
    Write it without quotation marks.

    config, line 2: `libraries.home.pool.size` must be a whole number from 1 to 50, and is 60.
    docs/configuration.md has every key and what it takes.

    config, line 2: `libraries.home.pool.wait_seconds` must be a whole number from 0 to 3600, and is a number with a point.
    docs/configuration.md has every key and what it takes.

    config, line 2: `libraries.home.read_only` must be true or false, and is text.
    Write it without quotation marks.

    config, line 2: `libraries.home.address` must be text, and is a list.
    docs/configuration.md has every key and what it takes.

    config, line 2: `libraries.home.address` is empty.
    docs/configuration.md has every key and what it takes.

    config, line 2: `libraries.home.encoding.compression` must be none, gzip, zstd or lz4, and is "zst".
    Did you mean `zstd`?

    config, line 2: `libraries.home.encoding.compression` must be none, gzip, zstd or lz4, and is "brotli".
    docs/configuration.md has every key and what it takes.

    config, line 3: `libraries.home.encoding.level` does nothing, since the compression lz4 has no levels.
    Leave `level` out, and it is the one that is right while somebody waits.

    config, line 3: `libraries.home.encoding.level` is 12, and the levels of gzip go from 1 to 9.
    Leave `level` out, and it is the one that is right while somebody waits.

    config, line 1: `libraries.table` has no `address`.
    Say where the library is: `address = "/path/to/library.sqlite"`.

    config, line 1: `libraries.My Table` is not a name for a library.
    A name has small letters, digits, - and single _, and begins with a letter or a digit.

    config, line 2: `libraries.home.pool.size` is for a library on a server, and this one is not.
    Take it out, or look at `libraries.home.address`.

    config, line 2: `libraries.home.read_replica` is for a library on a server, and this one is not.
    Take it out, or look at `libraries.home.address`.

    config, line 2: `libraries.home.address` has ${ without the } that belongs to it.
    Write ${NAME} for a variable of the environment, and $${ where those two characters are meant.

    config, line 2: `libraries.home.address` has ${…} with something inside that is no name.
    Write ${NAME} for a variable of the environment, and $${ where those two characters are meant.

    config, line 1: `library` uses the variable NONE, which is not set or empty.
    Set NONE before Backstory starts, or write ${NONE:-…} with what to take without it.

    config, line 2: `cache.kind` is not a key Backstory knows.
    Known there: `backend`, `memory`, `redis`.

    config, line 2: `cache.backend` must be none, memory, redis or tiered, and is "tierd".
    Did you mean `tiered`?

    config, line 2: `cache.backend` wants a Redis, and `cache.redis.redis_url` does not say where it is.
    Write redis_url = "${REDIS_URL}" under `cache.redis`, or take `memory` as the backend.

    config, line 2: `cache.redis.redis_url` is not the address of a Redis.
    It looks like redis://user:password@host:6379/0, with rediss:// for TLS.

    config, line 2: `cache.memory.max_memory` is not a key Backstory knows.
    Did you mean `max_memory_mb`?

    config, line 2: `libraries.home.cache` is not a key Backstory knows.
    Known there: `address`, `read_only`, `read_replica`, `encoding`, `pool`.

    config, line 2: `storage.bakend` is not a key Backstory knows.
    Did you mean `backend`?

    config, line 2: `storage.backend` must be file_json, database_sqlite or database_postgres, and is "file".
    docs/configuration.md has every key and what it takes.

    config, line 2: `storage` does not say which `backend` it is.
    Known: `file_json`, `database_sqlite`, `database_postgres`.

    config, line 2: `storage` does not say where it is: file_json needs `storage_root`.
    docs/configuration.md has every key and what it takes.

    config, line 4: `storage.dsn` is not for file_json.
    It is for database_postgres. Take it out, or look at `storage.backend`.

    config, line 4: `storage.compression` must be none, gzip, zstd or lz4, and is "brotli".
    docs/configuration.md has every key and what it takes.

    config, line 3: `storage.storage_root` says what `libraries.home.address` says, too (config, line 5).
    Keep one of them.

    config, line 3: `storage` says what `library` says, too (config, line 1).
    Keep one of them.

    config, line 3: `storage.dsn` is not the address of a PostgreSQL server.
    It looks like postgresql://<user>@<host>/<database>.

    config, line 4: `storage.enable_partitioning` cannot be false: versions always lie in a partition for each month.
    Take it out.

    config, line 1: it is not TOML (unclosed table, expected `]`).
    Nothing of the file was used. Mend this line, or take it out.

    config, line 2: it is not TOML (duplicate key).
    Nothing of the file was used. Mend this line, or take it out.
    "#);
}

#[test]
fn what_is_wrong_in_yaml_is_told_with_its_place() {
    let mut out = String::new();
    for text in [
        "libraries:\n  home:\n    adress: x.db",
        "libraries:\n  home:\n    read_only: 'true'",
        "libraries:\n  home:\n    address:",
        "libraries:\n  home: *other",
        "libraries:\n  home: &other\n    address: !secret x.db",
        "library: home\nlibrary: home",
        "library: [a",
        "- a\n- b",
        "home",
        "library: home\n\tlibraries: x",
    ] {
        out.push_str(&told(yaml(text)));
        out.push_str("\n\n");
    }
    insta::assert_snapshot!(out, @r"
    config, line 3: `libraries.home.adress` is not a key Backstory knows.
    Did you mean `address`?

    config, line 3: `libraries.home.read_only` must be true or false, and is text.
    Write it without quotation marks.

    config, line 3: `libraries.home.address` must be text, and is left empty.
    docs/configuration.md has every key and what it takes.

    config, line 2: it is not YAML (while parsing node, found unknown anchor).
    Nothing of the file was used. Mend this line, or take it out.

    config, line 3: a tag (!) cannot be used here.
    Nothing of the file was used. Mend this line, or take it out.

    config, line 2: a key stands here a second time.
    Nothing of the file was used. Mend this line, or take it out.

    config, line 2: it is not YAML (while parsing a flow sequence, expected ',' or ']').
    Nothing of the file was used. Mend this line, or take it out.

    config, line 1: the file must hold keys, and is a list.
    docs/configuration.md has every key and what it takes.

    config, line 1: the file must hold keys, and is text.
    docs/configuration.md has every key and what it takes.

    config, line 1: it is not YAML (while scanning a plain scalar, found a tab).
    Nothing of the file was used. Mend this line, or take it out.
    ");
    assert!(yaml("").is_ok() && yaml("---\n").is_ok() && yaml("libraries:\n").is_ok());
}

#[test]
fn what_is_wrong_in_the_environment_is_told_with_its_variable() {
    let mut out = String::new();
    for variable in [
        ("BACKSTORY_LIBRARIES__HOME__POOL__SIZ", "3"),
        ("BACKSTORY_LIBRARIES__HOME__POOL", "3"),
        ("BACKSTORY_LIBRARIES__HOME__POOL__WAIT_SECONDS", "s3cret"),
        ("BACKSTORY_LIBRARIES__HOME__READ_ONLY", "s3cret"),
        ("BACKSTORY_LIBRARIES__HOME__ENCODING__COMPRESSION", "s3cret"),
        ("BACKSTORY_LIBRARIES__TABLE__READ_ONLY", "true"),
        ("BACKSTORY_LIBARIES__HOME__ADDRESS", "x.db"),
        ("BACKSTORY_CACHE__KIND", "redis"),
    ] {
        out.push_str(&told(read("", Format::Toml, &[variable], None)));
        out.push_str("\n\n");
    }
    assert!(!out.contains("s3cret"));
    insta::assert_snapshot!(out, @r#"
    The variable BACKSTORY_LIBRARIES__HOME__POOL__SIZ: `libraries.home.pool.siz` is not a key Backstory knows.
    Did you mean `size`?

    The variable BACKSTORY_LIBRARIES__HOME__POOL: `libraries.home.pool` holds keys, and is no value.
    Put the key behind it, as in BACKSTORY_LIBRARIES__HOME__READ_ONLY.

    The variable BACKSTORY_LIBRARIES__HOME__POOL__WAIT_SECONDS: `libraries.home.pool.wait_seconds` must be a whole number from 0 to 3600, and is something else.
    docs/configuration.md has every key and what it takes.

    The variable BACKSTORY_LIBRARIES__HOME__READ_ONLY: `libraries.home.read_only` must be true or false, and is something else.
    docs/configuration.md has every key and what it takes.

    The variable BACKSTORY_LIBRARIES__HOME__ENCODING__COMPRESSION: `libraries.home.encoding.compression` must be none, gzip, zstd or lz4, and is something else.
    docs/configuration.md has every key and what it takes.

    The variable BACKSTORY_LIBRARIES__TABLE__READ_ONLY: `libraries.table` has no `address`.
    Say where the library is: `address = "/path/to/library.sqlite"`.

    The variable BACKSTORY_LIBARIES__HOME__ADDRESS: `libaries` is not a key Backstory knows.
    Did you mean `libraries`?

    The variable BACKSTORY_CACHE__KIND: `cache.kind` is not a key Backstory knows.
    Known there: `backend`, `memory`, `redis`.
    "#);
}

#[test]
fn a_number_may_come_out_of_a_variable() {
    let text =
        "[libraries.home]\naddress = 'postgres://db/b'\npool.size = '${POOL}'\nread_only = '${RO:-true}'";
    let config = read(text, Format::Toml, &[("POOL", "33")], None).unwrap();
    assert_eq!((config.libraries[HOME].pool.size, config.libraries[HOME].read_only), (33, true));
    let error = read(text, Format::Toml, &[("POOL", "s3cret")], None).unwrap_err();
    assert_eq!(
        error.message,
        "config, line 3: `libraries.home.pool.size` must be a whole number from 1 to 50, and is something else."
    );
}

#[test]
fn an_unknown_library_is_told_with_those_there_are() {
    let told = |wrong| {
        let library = Some(wrong);
        let config = read("libraries.one-shots.address = 'o.db'", Format::Toml, &[], library).unwrap();
        let error = config.unknown("Kinds.");
        format!("{} {}", error.message, error.hint.unwrap())
    };
    assert_eq!(told("one-shot"), "No library is called `one-shot`. Did you mean `one-shots`? Kinds.");
    assert_eq!(told("elsewhere"), "No library is called `elsewhere`. Known: `home`, `one-shots`. Kinds.");
}

/// The examples of the documentation, in order.
fn examples(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    DOCS.split(start.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_examples_of_the_documentation_hold() {
    let [player] = examples("toml")[..] else { panic!("one example in TOML") };
    let config = toml(player).unwrap();
    assert_eq!(config.names(), ["home", "one-shots"]);
    assert_eq!(config.library.reveal(), "home");
    let zstd = Encoding { level: Some(9), ..Encoding::default() };
    assert_eq!(config.libraries["home"].encoding, Some(zstd));

    let [group, shared, folder, thinned] = examples("yaml")[..] else { panic!("four examples in YAML") };
    assert_eq!(yaml(thinned).unwrap().retention, RetentionPolicy::THINNED);
    assert_eq!((shared, folder), (GROUP[0].0, PLAYER[0].0), "as they stand in docs/examples");
    let environment = [
        ("DATABASE_URL", "postgres://mira:s3cret@db.example/backstory"),
        ("DATABASE_REPLICA_URL", "postgres://mira:s3cret@copy.example/backstory"),
    ];
    let config = read(group, Format::Yaml, &environment, None).unwrap();
    let table = config.named(config.library.reveal()).unwrap().unwrap();
    assert_eq!(table.address.reveal(), environment[0].1);
    assert_eq!(table.address.to_string(), "postgres://…@db.example/backstory");
    assert_eq!(table.pool, PoolConfig { size: 50, wait_seconds: 15 });
    let options = table.options();
    assert_eq!(options.pool_size, Some(50));
    assert_eq!(options.read_replica, Some(Secret::new(environment[1].1)));
    assert!(!format!("{config:?} {options:?}").contains("s3cret"));
}

const GROUP: [(&str, Format); 2] = [
    (include_str!("../../../../docs/examples/group.yaml"), Format::Yaml),
    (include_str!("../../../../docs/examples/group.toml"), Format::Toml),
];
const PLAYER: [(&str, Format); 2] = [
    (include_str!("../../../../docs/examples/player.yaml"), Format::Yaml),
    (include_str!("../../../../docs/examples/player.toml"), Format::Toml),
];

/// Where a value comes from.
fn origin(config: &Config, key: &str) -> String {
    config.settings[key].origin.to_string()
}

#[test]
fn a_block_storage_says_where_the_library_is() {
    let flow = "storage: { backend: file_json, storage_root: ~/Games/characters, compression: gzip }";
    for (text, format) in PLAYER.into_iter().chain([(flow, Format::Yaml)]) {
        let config = read(text, format, &[], None).unwrap();
        let home = config.named(config.library.reveal()).unwrap().unwrap();
        assert_eq!(home.address.reveal(), "folder:~/Games/characters");
        assert_eq!(home.encoding.unwrap().compression, Compression::Gzip);
        assert_eq!(config.cache.backend, CacheBackend::Memory);
        assert!(origin(&config, "libraries.home.address").starts_with("config, line "));
        assert!(
            origin(&config, "library").starts_with("config, line "),
            "nobody chooses another in the window"
        );
        assert!(!config.settings.keys().any(|key| key.starts_with("storage")));
    }
    let sqlite = toml("storage = { backend = 'database_sqlite', database_path = 'x' }").unwrap();
    assert_eq!(sqlite.libraries[HOME].address.reveal(), "sqlite:x");
}

#[test]
fn a_server_and_a_cache_come_out_of_variables() {
    let environment = [
        ("DATABASE_URL", "postgres://mira:s3cret@db.example/b"),
        ("REDIS_URL", "redis://:s3cret@cache.example:6379/0"),
    ];
    let flow = "storage: { backend: database_postgres, dsn: \"${DATABASE_URL}\", pool_size: 20, compression: zstd, enable_partitioning: true }\n\
                cache: { backend: tiered, memory: { max_size: 1000, max_memory_mb: 100 }, redis: { redis_url: \"${REDIS_URL}\", default_ttl_seconds: 3600 } }";
    for (text, format) in GROUP.into_iter().chain([(flow, Format::Yaml)]) {
        let config = read(text, format, &environment, None).unwrap();
        let home = config.named(config.library.reveal()).unwrap().unwrap();
        assert_eq!(home.address.reveal(), environment[0].1);
        assert_eq!((home.pool.size, home.encoding), (20, Some(Encoding::default())));
        let CacheConfig { backend, memory, redis, unready } = config.cache.clone();
        let hour = Duration::from_secs(3_600);
        assert_eq!(backend, CacheBackend::Tiered);
        assert_eq!(memory, MemoryConfig { max_size: 1_000, max_bytes: 100 << 20, default_ttl: hour });
        let redis = redis.unwrap();
        assert_eq!((redis.redis_url.reveal(), redis.default_ttl), (environment[1].1, hour));
        assert!(unready.is_none());
        assert_eq!(
            config.settings["cache.redis.redis_url"].value.to_string(),
            "redis://…@cache.example:6379/0"
        );
        assert_eq!(origin(&config, "cache.memory.default_ttl_seconds"), "default");
        assert!(!everything_shown(&Ok(config)).contains("s3cret"));

        // Without its address, the cache is what is missing, and not the library.
        let config = read(text, format, &environment[..1], None).unwrap();
        assert!(config.named(HOME).unwrap().is_ok());
        assert!(config.cache.redis.is_none());
        let unready = config.cache.unready.unwrap();
        assert!(unready.message.contains("REDIS_URL"), "{}", unready.message);
        let config = read(text, format, &environment[1..], None).unwrap();
        assert!(config.named(HOME).unwrap().unwrap_err().message.contains("DATABASE_URL"));
    }
}

#[test]
fn a_stronger_layer_goes_before_a_block_storage() {
    let text = PLAYER[1].0;
    let address = [("BACKSTORY_LIBRARIES__HOME__ADDRESS", "env.db")];
    let config = read(text, Format::Toml, &address, None).unwrap();
    assert_eq!(config.libraries[HOME].address.reveal(), "env.db");
    let config =
        read(text, Format::Toml, &[("BACKSTORY_STORAGE__STORAGE_ROOT", "/srv/x")], Some("flag.db")).unwrap();
    assert_eq!(config.libraries[HOME].address.reveal(), "folder:/srv/x");
    assert_eq!(config.library.reveal(), "flag.db");
    let config = read("", Format::Toml, &[("BACKSTORY_CACHE__BACKEND", "none")], None).unwrap();
    assert_eq!(config.cache.backend, CacheBackend::None);
}

#[test]
fn every_key_is_in_the_documentation_and_in_the_defaults() {
    for key in KEYS {
        let documented = format!("| `{}` |", key.path.replace('*', "NAME"));
        assert!(DOCS.contains(&documented), "docs/configuration.md does not tell of {}", key.path);
        let last = key.path.rsplit('.').next().unwrap();
        let stands =
            DEFAULTS.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{last} = ")));
        assert!(stands, "default.toml does not have {}", key.path);
    }
}

#[test]
fn how_long_versions_are_kept_is_said_key_by_key() {
    assert_eq!(toml("").unwrap().retention, RetentionPolicy::default());
    let mission = "retention:\n  keep_all_days: 30\n  daily_until_days: 90\n  weekly_until_days: 365\n  monthly_forever: true\n  \
                   max_versions_per_character: 100\n";
    assert_eq!(yaml(mission).unwrap().retention, RetentionPolicy::THINNED);
    let config = toml("[retention]\narchive_after_days = 400").unwrap();
    let only = RetentionPolicy { archive_after_days: Some(400), ..RetentionPolicy::default() };
    assert_eq!(config.retention, only, "a word about archiving thins nothing");
    let variable = [("BACKSTORY_RETENTION__KEEP_ALL_DAYS", "14")];
    let config = read("retention.keep_all_days = 30", Format::Toml, &variable, None).unwrap();
    assert_eq!(config.retention.keep_all_days, Some(14));
    let slip = toml("[retention]\nkeep_al_days = 3").unwrap_err();
    assert_eq!(slip.hint.unwrap(), "Did you mean `keep_all_days`?");
    for wrong in ["max_versions_per_character = 1", "auto_delete_after_days = 0", "keep_all_days = -1"] {
        assert_eq!(toml(&format!("[retention]\n{wrong}")).unwrap_err().code, Code::ConfigInvalid, "{wrong}");
    }
}

/// What must never be seen.
const CANARY: &str = "CANARY";

proptest! {
    /// In a file, nothing of a variable is shown but the server and the path of an address that is all of the value.
    #[test]
    fn what_a_variable_holds_is_not_shown(
        before in "[a-z0-9:/@?#&=$.{}% -]{0,8}",
        after in "[a-z0-9:/@?#&=$.{}% -]{0,8}",
        secret in prop_oneof![Just("postgres://ada:_@db/b"), Just("postgres://db/b?sslkey=_"), Just("_")],
        value in prop_oneof![
            Just("${S}"), Just("postgres://mira:${S}@db/b"), Just("postgres://${S}"), Just("s3://bucket/${S}"),
            Just("postgres://db/b?password=${S}"), Just("/srv/${S}.db"), Just("${S}${NONE}"), Just("a ${S:-b}"),
        ],
        key in 0..KEYS.len(),
    ) {
        let inside = format!("{before}{CANARY}{after}");
        prop_assume!(secret != "_" || !inside.contains("://"));
        let path = KEYS[key].path.replace('*', "table");
        let address = if path.ends_with("address") || path.starts_with("storage") { "" } else { "libraries.table.address = 'postgres://db/b'\n" };
        let text = format!("{address}{path} = '{value}'");
        let shown = everything_shown(&read(&text, Format::Toml, &[("S", &secret.replace('_', &inside))], None));
        prop_assert!(!shown.contains(CANARY), "{text}: {shown}");
    }

    /// Of a variable that is a key, an address is shown without its secrets, and of everything else only what its key takes.
    #[test]
    fn what_a_key_in_the_environment_holds_is_not_shown(
        before in "[a-z0-9:/@?#&=$.{}% -]{0,8}",
        after in "[a-z0-9:/@?#&=$.{}% -]{0,8}",
        secret in prop_oneof![Just("postgres://ada:_@db/b"), Just("postgres://db/b?sslkey=_")],
        key in 0..KEYS.len(),
    ) {
        let path = KEYS[key].path.replace('*', "table");
        let variable = format!("BACKSTORY_{}", path.replace('.', "__").to_uppercase());
        let secret = secret.replace('_', &format!("{before}{CANARY}{after}"));
        let text = "libraries.table.address = 'postgres://db/b'";
        let shown = everything_shown(&read(text, Format::Toml, &[(&variable, &secret)], Some(&secret)));
        prop_assert!(!shown.contains(CANARY), "{variable}={secret}: {shown}");
    }
}

/// All that can come before somebody's eyes.
fn everything_shown(config: &Result<Config>) -> String {
    let error = |error: &Error| format!("{error} {error:?} {}", serde_json::to_string(error).unwrap());
    match config {
        Err(wrong) => error(wrong),
        Ok(config) => {
            let settings = serde_json::to_string(&config.settings).unwrap();
            let values: Vec<String> =
                config.settings.values().map(|setting| setting.value.to_string()).collect();
            let options: Vec<_> = config.libraries.values().map(LibraryConfig::options).collect();
            let unknown = error(&config.unknown(""));
            format!("{config:?} {settings} {values:?} {options:?} {unknown}")
        }
    }
}

#[test]
fn a_text_that_is_broken_is_not_repeated() {
    for text in [
        "address = 'CANARY",
        "[libraries.home]\naddress = \"\\CANARY\"",
        "address = postgres://CANARY@db",
        "address = 'a' CANARY",
    ] {
        assert!(!everything_shown(&toml(text)).contains(CANARY), "{text}");
    }
    for text in
        ["address: 'CANARY", "address: \"\\CANARY\"", "address: @CANARY", "address: *CANARY", "a: [CANARY"]
    {
        assert!(!everything_shown(&yaml(text)).contains(CANARY), "{text}");
    }
}
