// Made from the Rust types by `cargo xtask gen`. Do not edit.

/**
 * The six scores.
 */
export type Abilities = { str: number, dex: number, con: number, int: number, wis: number, cha: number, };

/**
 * One of the six abilities.
 */
export type Ability = "str" | "dex" | "con" | "int" | "wis" | "cha";

/**
 * Something the character can do: an action, a bonus action, a reaction.
 */
export type Action = { 
/**
 * Matches it between versions. Not shown.
 */
key: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The class, species, feat or thing it comes from.
 */
source: string, 
/**
 * What it takes: `action`, `bonus action`, `reaction`, `minute`; none where the source does not say.
 */
takes: string | null, };

/**
 * A page of the log.
 */
export type Activity = { 
/**
 * The entries, newest first.
 */
entries: Array<ActivityEntry>, 
/**
 * How many the whole log has.
 */
size: number, 
/**
 * Give this as `before` for the next page; none when this is the last.
 */
next?: number, };

/**
 * An entry, as a person reads it.
 */
export type ActivityEntry = { 
/**
 * Its number.
 */
sequence: number, 
/**
 * When.
 */
at: string, 
/**
 * Where from: `window`, `command`, `watch`, `rest`, …
 */
origin: string, 
/**
 * What.
 */
action: AuditAction, 
/**
 * Whom it concerns, where that is still known.
 */
character?: Concerned, 
/**
 * It concerns a character that is not here any more: nothing leads from the entry to it.
 */
gone: boolean, 
/**
 * Which version of it.
 */
version?: number, 
/**
 * What happened in that version, first of all, where it is still here.
 */
sentence?: string, 
/**
 * Where that version came from: a file's name, an address.
 */
from?: string, 
/**
 * How much, by names that stay: `versions`, `quiet`, `seen`, `captures`, `documents`, `problems`, `members`, `entries`.
 */
counts: { [key in string]: number }, 
/**
 * What else it is about.
 */
about?: string, };

/**
 * Which entries.
 */
export type ActivityFilter = { 
/**
 * Only what concerns this character: an id, or a name where it is the only one, in the bin or not.
 */
character?: string, 
/**
 * Only these. Empty: all.
 */
actions?: Array<AuditAction>, 
/**
 * Only from there: `window`, `command`, `watch`, …
 */
origin?: string, 
/**
 * At or after.
 */
since?: string, 
/**
 * Before.
 */
until?: string, };

/**
 * Asks for a page of the log, newest first.
 */
export type ActivityGet = { 
/**
 * Which.
 */
filter?: ActivityFilter, 
/**
 * Only those before this number: [`Activity::next`] of the page before.
 */
before?: number, 
/**
 * At most so many.
 */
limit?: number, };

/**
 * Asks for the log as a file.
 */
export type ActivitySave = { 
/**
 * Which entries.
 */
filter?: ActivityFilter, 
/**
 * What it looks like.
 */
form?: LogForm, };

/**
 * What a player agreed to.
 */
export type Agreement = { 
/**
 * Who is asked: `ddb`, `system`.
 */
source: string, 
/**
 * What for.
 */
purpose: Purpose, 
/**
 * The words, as they are today.
 */
words: string, 
/**
 * Which wording was agreed to.
 */
wording: number, 
/**
 * When.
 */
agreed_at: string, 
/**
 * When it was taken back, where it was.
 */
withdrawn_at: string | null, 
/**
 * Whether it holds: it was not taken back, and the words mean what they meant.
 */
holds: boolean, };

/**
 * Something that is not well, until it is.
 */
export type Alert = { 
/**
 * What.
 */
kind: AlertKind, 
/**
 * How bad it is.
 */
level: Level, 
/**
 * Since when.
 */
since: string, 
/**
 * What happened.
 */
message: string, 
/**
 * What to do.
 */
hint: string, 
/**
 * The error behind it.
 */
problem: WireError | null, 
/**
 * The player has seen it and wants it out of the way.
 */
dismissed: boolean, };

/**
 * What may be wrong.
 */
export type AlertKind = "storage_unavailable" | "error_rate" | "pool_exhausted" | "disk_low" | "damage" | "backup_failed" | "drill_failed" | "slow_operation" | "read_only" | "cache" | "hit_rate" | "memory" | "unusual_access" | "silent";

/**
 * Names an alert.
 */
export type AlertRef = { 
/**
 * Which.
 */
kind: AlertKind, };

/**
 * How much there is of what is to be erased.
 */
export type Amount = { characters: number, versions: number, captures: number, };

/**
 * What would be taken out of a character.
 */
export type AnonymisePlan = { 
/**
 * Which.
 */
character: CharacterId, 
/**
 * Its name, which goes.
 */
name: string, 
/**
 * Versions that are written anew.
 */
versions: number, 
/**
 * How often it was looked at, which stays known.
 */
captures: number, 
/**
 * Versions whose given names go.
 */
tags: number, 
/**
 * Versions whose notes go.
 */
notes: number, 
/**
 * Versions whose file names go.
 */
origins: number, 
/**
 * Versions that this program cannot read: as long as there is one, nothing is done.
 */
unreadable: number, };

/**
 * What was done.
 */
export type Anonymised = { 
/**
 * Who it is from now on. Nothing leads from here to who it was.
 */
character: CharacterId, 
/**
 * What it is called from now on.
 */
name: string, 
/**
 * Versions that were written anew and read back.
 */
versions: number, };

/**
 * What the program tells its windows unasked.
 */
export type AppEvent = { "event": "changed" } & ChangeSet | { "event": "drop_hover", 
/**
 * How many.
 */
count: number, } | { "event": "drop_left" } | { "event": "dropped" } & Selection | { "event": "watched" } | { "event": "health" } | { "event": "open", 
/**
 * Which.
 */
character: CharacterId, };

/**
 * Asks which versions would be moved.
 */
export type ArchiveGet = { 
/**
 * Only these: ids, or names where they are the only ones. Empty: all.
 */
characters?: Array<string>, 
/**
 * Versions that are older than so many days. None: as the policy says; where it says nothing, all but the newest.
 */
older_than_days?: number, 
/**
 * Take versions back instead: all that are archived.
 */
restore?: boolean, };

/**
 * What is moved where.
 */
export type ArchivePlan = { 
/**
 * Out of the archive; else into it.
 */
restore: boolean, 
/**
 * The versions, by character, the oldest first.
 */
versions: Array<MovedVersion>, };

/**
 * Why a version moves into the archive.
 */
export type ArchiveReason = "past_archiving";

/**
 * What was moved.
 */
export type ArchiveReport = { 
/**
 * Versions that were moved.
 */
moved: number, 
/**
 * Versions of the plan that stayed: their documents are damaged, they became the newest, or they are gone.
 */
stayed: number, 
/**
 * Documents that were read back at their new place and compared with their hash.
 */
verified: number, 
/**
 * Bytes the documents of these characters took before.
 */
bytes_before: number, 
/**
 * Bytes they take now.
 */
bytes_after: number, };

/**
 * A version that stays and moves into the archive.
 */
export type ArchivedVersion = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * Its number.
 */
version: number, 
/**
 * Its identity.
 */
id: SnapshotId, 
/**
 * When it was captured.
 */
captured_at: string, 
/**
 * Why it moves.
 */
reason: ArchiveReason, 
/**
 * Why it stays.
 */
reasons: Array<KeepReason>, };

/**
 * What was done. Names are stable: programs match them.
 */
export type AuditAction = "capture" | "sighting" | "restore" | "pin" | "unpin" | "tag" | "note" | "delete" | "undelete" | "erase" | "retention" | "anonymise" | "archive" | "retell" | "recompress" | "repair" | "migrate" | "log_taken" | "log_refused" | "log_accepted" | "setting" | "member" | "key" | "agree" | "withdraw" | "export" | "share" | "sync" | "other";

/**
 * A backup that is there.
 */
export type Backup = { 
/**
 * What it is called: its folder's name.
 */
name: string, 
/**
 * When it was made.
 */
made_at: string, 
/**
 * Why; none where what it says of itself cannot be read.
 */
reason: BackupReason | null, 
/**
 * The length of its file.
 */
bytes: number, 
/**
 * Characters in it.
 */
characters: number, 
/**
 * Versions in it.
 */
versions: number, };

/**
 * How many backups are kept: the last of each of so many days, weeks and months in which there is one.
 */
export type BackupKeep = { daily: number, weekly: number, monthly: number, };

/**
 * The backups of the library.
 */
export type BackupList = { 
/**
 * Where they are.
 */
folder: string, 
/**
 * How many are kept.
 */
keep: BackupKeep, 
/**
 * They, newest first.
 */
backups: Array<Backup>, 
/**
 * What the last drill found.
 */
drill: Drill | null, };

/**
 * Why a backup was made.
 */
export type BackupReason = "asked" | "scheduled" | "before_migration" | "before_key_change" | "after_key_change" | "before_erase" | "after_erase" | "before_restore";

/**
 * Asks for a backup to be brought back.
 */
export type BackupRef = { 
/**
 * What it is called.
 */
name: string, };

/**
 * Something that Backstory cannot erase.
 */
export type Beyond = { 
/**
 * Its kind.
 */
kind: BeyondKind, 
/**
 * Where it is, as far as that is known.
 */
path: string | null, };

/**
 * What Backstory cannot erase.
 */
export type BeyondKind = "sources" | "files" | "backups" | "server_log" | "object_versions" | "other_library" | "configuration" | "keychain" | "set_aside" | "cache";

/**
 * Since when the fields of a sheet have their values.
 */
export type Blame = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * The fields, in the order of the sheet.
 */
fields: Array<BlameField>, };

/**
 * A field and the version that gave it its value.
 */
export type BlameField = { 
/**
 * Its stable place in the sheet, as a comparison has it.
 */
key: string, 
/**
 * Which part of the sheet.
 */
section: Section, 
/**
 * What a player calls it.
 */
label: string, 
/**
 * What it says.
 */
value: JsonValue | null, 
/**
 * The version that gave it this value.
 */
since: Since, 
/**
 * What that version says of it. None where it has no sentence for it.
 */
sentence: string | null, };

/**
 * Asks since when the fields of a sheet have their values.
 */
export type BlameGet = { 
/**
 * An id, or a name where it is the only one.
 */
character: string, 
/**
 * The sheet of which version. None: the latest.
 */
version?: string, 
/**
 * Only this field, or these: a key as [`BlameField::key`] has it, the beginning of one, or a label. None: all.
 */
field?: string, };

/**
 * Whether a tier of a cache is asked at all.
 */
export type Breaker = "closed" | "open" | "half_open";

/**
 * A backup that was brought back.
 */
export type BroughtBack = { 
/**
 * Which.
 */
name: string, 
/**
 * Where the library that was there is kept now; none where it was not moved.
 */
set_aside: string | null, 
/**
 * Characters of which something came back into a library that stayed where it is.
 */
brought: number, 
/**
 * Characters of which it had everything.
 */
as_it_was: number, 
/**
 * What is open now, in a window.
 */
overview: Overview | null, };

/**
 * Changes of the same kind in one sitting, summed up by what they come to.
 */
export type BurstEntry = { 
/**
 * The number of its first version.
 */
first: number, 
/**
 * The number of its last version.
 */
last: number, 
/**
 * How many changes it sums up.
 */
changes: number, 
/**
 * What was tried.
 */
topic: Topic, 
/**
 * "Swapped spells 12 times, kept 4".
 */
headline: string, 
/**
 * What it came to, beside that.
 */
sentences: Array<string>, };

/**
 * What is summed up in a history.
 */
export type Bursts = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * The stretches that are summed up, the newest first.
 */
bursts: Array<BurstEntry>, };

/**
 * How a cache stands, its fastest tier first.
 */
export type CacheStatistics = { 
/**
 * Each tier. Empty: there is no cache.
 */
tiers: Array<TierStatistics>, };

/**
 * Why a tier of a cache is not used, or not well.
 */
export type CacheTrouble = "unreachable" | "wrong_password" | "not_allowed" | "takes_nothing" | "confused" | "no_address";

/**
 * What a backend can do beyond the promises every backend keeps.
 */
export type Capabilities = { 
/**
 * Survives the end of the process.
 */
persistent: boolean, 
/**
 * Other processes may have the same store open.
 */
shared: boolean, 
/**
 * Transactions that touch different characters do not wait for each other.
 */
concurrent_writers: boolean, 
/**
 * Learns of other processes' commits without looking again and again.
 */
pushes_changes: boolean, 
/**
 * Knows who is asking and keeps people apart by itself, beneath [`crate::access`].
 */
enforces_access: boolean, };

/**
 * One row of a comparison.
 */
export type Change = { 
/**
 * Which part of the sheet.
 */
section: Section, 
/**
 * Its stable place in the sheet: `inventory/817/quantity`.
 */
key: string, 
/**
 * What a player calls it: `Potion of Healing`.
 */
label: string, 
/**
 * Which side of it, where it has several: `quantity`, `equipped`.
 */
attribute?: string, 
/**
 * Under which heading it stands inside the section: `1st level`, `Saving throws`.
 */
group?: string, 
/**
 * What happened.
 */
kind: ChangeKind, 
/**
 * Before: a number, a text or a truth value; none where it was not there.
 */
old: JsonValue | null, 
/**
 * After.
 */
new: JsonValue | null, 
/**
 * The difference word by word, for prose.
 */
text?: Array<TextOp>, };

/**
 * What happened to a row.
 */
export type ChangeKind = "added" | "removed" | "changed" | "moved" | "same";

/**
 * What a write touched, for screens to refresh from.
 */
export type ChangeSet = { 
/**
 * Whose.
 */
characters: Array<CharacterId>, 
/**
 * The store's revision after it.
 */
revision: number, 
/**
 * Who wrote, so that a window can drop its own echo.
 */
origin: string, };

/**
 * A character in the list: its row, and what changed last in words.
 */
export type CharacterEntry = { 
/**
 * What changed the last time something did.
 */
last_sentence: string | null, 
/**
 * Its identity.
 */
id: CharacterId, 
/**
 * Its name.
 */
name: string, 
/**
 * Species or race, as the sheet says it.
 */
species: string | null, 
/**
 * Background.
 */
background: string | null, 
/**
 * Classes with their levels.
 */
classes: Array<Class>, 
/**
 * Total level.
 */
level: number, 
/**
 * Which edition of the rules.
 */
rules: Rules, 
/**
 * The campaign's name.
 */
campaign: string | null, 
/**
 * How many versions are kept.
 */
versions: number, 
/**
 * How many of them a player would call a change (the first one not counted).
 */
changes: number, 
/**
 * How often we looked.
 */
captures: number, 
/**
 * The highest version number given so far.
 */
last_version: number, 
/**
 * The first time we looked.
 */
first_captured: string, 
/**
 * The last time we looked.
 */
last_captured: string, 
/**
 * The last time a player would say something changed (the first version counts).
 */
last_changed: string, 
/**
 * At most [`CharacterIndex::GROWTH_POINTS`] changes, oldest first.
 */
growth: Array<GrowthPoint>, 
/**
 * Whose it is, in a store that several people share. None: the store's own user.
 */
owner?: string, 
/**
 * When it was put into the bin, from which it can still be taken back. None: it is not there.
 */
deleted_at?: string, 
/**
 * The character of another source that it was made from.
 */
linked?: CharacterId, 
/**
 * Other ids it came under.
 */
also?: Array<string>, 
/**
 * When it lost what told of its player. None: it never did.
 */
anonymised_at?: string, 
/**
 * Counts the writes to this character.
 */
revision: number, };

/**
 * Asks for one character.
 */
export type CharacterGet = { 
/**
 * An id, or a name where it is the only one.
 */
character: string, };

/**
 * A character's identity: text such as `ddb-145081718`, safe as a folder name and never a path.
 *
 * `[a-z0-9][a-z0-9_-]{0,127}`, checked at construction.
 */
export type CharacterId = string;

/**
 * A page of the list of characters.
 */
export type CharacterList = { 
/**
 * How many match, beyond this page.
 */
total: number, 
/**
 * The page.
 */
characters: Array<CharacterEntry>, 
/**
 * Give this as `after` for the next page; none when this is the last.
 */
next?: Cursor, };

/**
 * What a character takes.
 */
export type CharacterRoom = { id: CharacterId, name: string, versions: number, 
/**
 * Bytes of its documents in the store, encoded.
 */
bytes: number, };

/**
 * How much a check looked at.
 */
export type Checked = { characters: number, versions: number, contents: number, bytes: number, };

/**
 * A class and what the character made of it.
 */
export type Class = { 
/**
 * Matches the class between versions. Not shown.
 */
key?: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The subclass, once chosen.
 */
subclass: string | null, 
/**
 * Levels in it.
 */
level: number, 
/**
 * Sides of its hit die.
 */
hit_die: number, };

/**
 * What of a sealed store can be read by whoever has its bytes. The words for it are the window's and the guide's.
 */
export type Clear = "ids" | "times" | "counts" | "levels" | "sizes" | "fingerprints" | "settings";

/**
 * A plan that waits for the time to be confirmed.
 */
export type ClockDoubt = { 
/**
 * Why.
 */
by: HeldBy, 
/**
 * What the clock says.
 */
now: string, 
/**
 * The latest moment that the library vouches for.
 */
seen: string, };

/**
 * The stable name of a failure. Programs match this and never the text.
 */
export type Code = "invalid_argument" | "character_not_found" | "character_ambiguous" | "version_not_found" | "file_unreadable" | "file_too_large" | "file_empty" | "encoding_unknown" | "not_json" | "web_page" | "json_truncated" | "json_damaged" | "json_too_deep" | "character_private" | "source_refused" | "character_gone" | "session_expired" | "rate_limited" | "source_unreachable" | "source_failed" | "source_redirected" | "consent_needed" | "keychain_unavailable" | "passphrase_needed" | "passphrase_wrong" | "library_locked" | "library_key_wrong" | "encryption_unsupported" | "format_unknown" | "format_unsupported" | "config_invalid" | "store_newer" | "store_read_only" | "store_busy" | "store_damaged" | "job_running" | "backup_missing" | "backup_damaged" | "store_unreachable" | "access_denied" | "cache_unavailable" | "cache_refused" | "storage_full" | "storage_failed" | "clock_doubtful" | "conflict" | "cancelled" | "internal";

/**
 * What a way of keeping documents takes.
 */
export type CodecRoom = { codec: string, documents: number, bytes: number, };

/**
 * Asks for a comparison of two sheets.
 */
export type CompareGet = { 
/**
 * The old side.
 */
from: VersionRef, 
/**
 * The new side.
 */
to: VersionRef, 
/**
 * Only this section.
 */
section?: Section, 
/**
 * Also what a rest resets.
 */
state?: boolean, 
/**
 * Also the rows that are equal, as kind `same`.
 */
same?: boolean, };

/**
 * Two sheets compared.
 */
export type Comparison = { 
/**
 * The old side.
 */
from: Side, 
/**
 * The new side.
 */
to: Side, 
/**
 * The rows, in the order of the sheet.
 */
changes: Array<Change>, 
/**
 * How many of each kind (equal ones not counted).
 */
counts: Counts, 
/**
 * What is not among the rows.
 */
folded: Folded, };

/**
 * What makes a document small by itself.
 */
export type Compression = "none" | "gzip" | "zstd" | "lz4";

/**
 * A character that an entry is about.
 */
export type Concerned = { id: CharacterId, name: string, };

/**
 * A layer of the configuration, the weakest first.
 */
export type ConfigLayer = "default" | "file" | "environment" | "flag";

/**
 * Asks for a value to be written into the configuration file, or taken out of it.
 */
export type ConfigSet = { 
/**
 * The path of its key.
 */
key: string, 
/**
 * What is to hold, as one would type it; none: what holds without a word.
 */
value: string | null, };

/**
 * What a key takes, as it is told to a person who is to choose.
 */
export type ConfigTakes = { "kind": "text" } | { "kind": "yes_no" } | { "kind": "whole", 
/**
 * The least.
 */
least: number, 
/**
 * The most.
 */
most: number, } | { "kind": "choice", 
/**
 * The words.
 */
names: Array<string>, };

/**
 * A value of the configuration.
 */
export type ConfigValue = { 
/**
 * The path of its key.
 */
key: string, 
/**
 * What holds, never a password; none where nobody says anything.
 */
value: string | null, 
/**
 * Which layer says so.
 */
layer: ConfigLayer, 
/**
 * Who says so: `default`, a file with its line, a variable or a flag.
 */
origin: string, 
/**
 * What the key takes.
 */
takes: ConfigTakes, 
/**
 * Whether a change of it holds at once; else from the next start of the program.
 */
at_once: boolean, };

/**
 * What holds, and who says so.
 */
export type Configuration = { 
/**
 * The file that was read, if any.
 */
file: string | null, 
/**
 * Every value, by the path of its key; also of keys of which nobody says anything.
 */
values: Array<ConfigValue>, };

/**
 * Connections to a server.
 */
export type ConnectionPool = { 
/**
 * Those that are open.
 */
open: number, 
/**
 * At most so many.
 */
most: number, 
/**
 * Who waits for one.
 */
waiting: number, };

/**
 * Asks for an agreement to be taken back.
 */
export type ConsentRef = { 
/**
 * What it was for.
 */
purpose: Purpose, };

/**
 * BLAKE3 of a document's bytes. Contents are stored once per character under this name and checked against it at every read.
 */
export type ContentHash = string;

/**
 * How many rows of each kind.
 */
export type Counts = { added: number, removed: number, changed: number, moved: number, };

/**
 * Coins.
 */
export type Currency = { cp: number, sp: number, ep: number, gp: number, pp: number, };

/**
 * A place in a sorted list: where the next page begins, whatever is written meanwhile. Made by [`Cursor::at`]; its text is
 * for nobody to read.
 */
export type Cursor = string;

/**
 * A piece of the imported text that was cut out at the door because it is other people's data.
 */
export type Cut = { 
/**
 * Where it stood, as a JSON pointer.
 */
pointer: string, 
/**
 * How many bytes were taken out.
 */
removed_bytes: number, 
/**
 * What stands there now.
 */
replaced_by: string, };

/**
 * A place in documents that was cut out.
 */
export type CutPlace = { 
/**
 * Where it stood: a JSON pointer without numbers, `/campaign/characters`.
 */
pointer: string, 
/**
 * In how many versions.
 */
versions: number, 
/**
 * Bytes that were taken out.
 */
bytes: number, };

/**
 * What was cut out of the versions of a library.
 */
export type Cuts = { 
/**
 * Versions in all.
 */
versions: number, 
/**
 * Versions of which something was cut out.
 */
cut: number, 
/**
 * Where it stood, the most of it first.
 */
places: Array<CutPlace>, };

/**
 * Death saves at present.
 */
export type DeathSaves = { successes: number, failures: number, };

/**
 * What harms less, more or not at all, by name (`Fire`, `Poisoned`).
 */
export type Defenses = { resistances: Array<string>, immunities: Array<string>, vulnerabilities: Array<string>, };

/**
 * Whether characters in the bin are wanted.
 */
export type Deleted = "without" | "with" | "only";

/**
 * A derived number and what it is made of.
 */
export type Derived = { 
/**
 * The number.
 */
value: number, 
/**
 * Its parts; they add up to it.
 */
parts: Array<Part>, };

/**
 * A SHA-256.
 */
export type Digest = string;

/**
 * What is done with a character while a library moves.
 */
export type Doing = "reading" | "copying" | "comparing";

/**
 * What a restore drill found.
 */
export type Drill = { 
/**
 * Which backup; none where there is none.
 */
backup: string | null, 
/**
 * When it was tried.
 */
at: string, 
/**
 * Whether it could be opened somewhere else and holds everything it says.
 */
ok: boolean, 
/**
 * What is wrong.
 */
problem: WireError | null, 
/**
 * Characters found.
 */
characters: number, 
/**
 * Versions found.
 */
versions: number, 
/**
 * Bytes of documents that were decoded and compared with their hash.
 */
bytes: number, };

/**
 * Why a version goes: the rule nearest to keeping it, or the limit that took it.
 */
export type DropReason = "not_last_of_day" | "not_last_of_week" | "not_last_of_month" | "too_old" | "past_deletion" | "over_count" | "over_size";

/**
 * How many versions go for a reason.
 */
export type DroppedFor = { 
/**
 * The reason.
 */
reason: DropReason, 
/**
 * How many.
 */
count: number, };

/**
 * A version that goes.
 */
export type DroppedVersion = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * Its number.
 */
version: number, 
/**
 * Its identity.
 */
id: SnapshotId, 
/**
 * When it was captured.
 */
captured_at: string, 
/**
 * Why it goes.
 */
reason: DropReason, };

/**
 * A character that loses what tells of its player.
 */
export type DueCharacter = { 
/**
 * Which.
 */
character: CharacterId, 
/**
 * When it was last looked at.
 */
last_captured: string, };

/**
 * Nothing to say.
 */
export type Empty = Record<symbol, never>;

/**
 * How a store keeps new documents. What is there already stays as it is until [`CharacterStorage::recompress`].
 */
export type Encoding = { 
/**
 * What makes a document small.
 */
compression: Compression, 
/**
 * How hard it tries, in the compression's own measure; none: what is right while somebody waits.
 */
level: number | null, 
/**
 * Whether documents are kept as differences against earlier ones of the same character, where that pays.
 */
delta: boolean, 
/**
 * The base of the skip ladder ([`crate::history::encoding`]): a power of two. 8 while somebody waits, 16 at rest.
 */
ladder: number, };

/**
 * How far a store is encrypted, and with what.
 */
export type Encryption = { 
/**
 * How far.
 */
state: EncryptionState, 
/**
 * What opens it on this computer; none where only the recovery phrase does.
 */
lock: LockKind | null, 
/**
 * The keys in use, the current one first.
 */
keys: Array<KeyInUse>, 
/**
 * How many characters there are.
 */
characters: number, 
/**
 * What stays clear in it.
 */
clear: Array<Clear>, };

/**
 * A library is to be encrypted, or to get new keys.
 */
export type EncryptionStart = { 
/**
 * It is encrypted already, and gets new keys.
 */
renew?: boolean, 
/**
 * What opens it.
 */
lock: LockKind, 
/**
 * The words, for [`LockKind::Passphrase`].
 */
passphrase?: string, 
/**
 * The recovery phrase that was shown.
 */
phrase: string, 
/**
 * What the player typed of it, by the places that were asked for. Without, nothing is encrypted.
 */
typed: { [key in number]: string }, };

/**
 * How far a store is encrypted.
 */
export type EncryptionState = "unsupported" | "off" | "encrypting" | "on" | "renewing" | "decrypting";

/**
 * Asks what would be erased.
 */
export type EraseGet = { 
/**
 * What.
 */
scope: Scope, };

/**
 * What would be erased, and what would stay.
 */
export type ErasePlan = { 
/**
 * What.
 */
scope: Scope, 
/**
 * The character's name, where it is one.
 */
name: string | null, 
/**
 * How much.
 */
counts: Amount, 
/**
 * The store that is open, where everything is to go and it is not a file of this computer: it is emptied.
 */
store: string | null, 
/**
 * What is taken away on this computer.
 */
places: Array<Held>, 
/**
 * What stays.
 */
beyond: Array<Beyond>, 
/**
 * Stands for this very plan: `erase.start` wants it back.
 */
token: string, };

/**
 * Asks to erase it.
 */
export type EraseStart = { 
/**
 * What.
 */
scope: Scope, 
/**
 * The token of the plan that the player agreed to.
 */
token: string, };

/**
 * What was erased.
 */
export type Erased = { 
/**
 * The receipt.
 */
receipt: SealedReceipt, 
/**
 * The same in plain words.
 */
text: string, };

/**
 * Asks for an export.
 */
export type ExportStart = { 
/**
 * Ids, or names where they are the only ones. Empty: everything, the bin included.
 */
characters?: Array<string>, 
/**
 * What it looks like.
 */
form?: Form, 
/**
 * Leaves out what is personal, to show it to others.
 */
redact?: boolean, 
/**
 * Encrypts it with age, with these words. None: it is not encrypted.
 */
passphrase?: string, };

/**
 * An export that was made.
 */
export type Exported = { 
/**
 * What the file is called; none when the user thought better of it.
 */
file: string | null, 
/**
 * The SHA-256 of the file, in hexadecimal.
 */
sha256: string, 
/**
 * Characters in it.
 */
characters: number, 
/**
 * Versions in it.
 */
versions: number, 
/**
 * The length of the file.
 */
bytes: number, };

/**
 * A value characters share, and how many have it.
 */
export type Facet = { 
/**
 * The value; none stands for "has none".
 */
name: string | null, 
/**
 * How many characters.
 */
count: number, };

/**
 * What a library can be filtered by. Each list is in the order of its names, "has none" last.
 */
export type Facets = { 
/**
 * Characters in all, the bin left out.
 */
characters: number, 
/**
 * Versions in all, the bin included.
 */
versions: number, 
/**
 * Class names. A character with two classes counts for both.
 */
classes: Array<Facet>, 
/**
 * Campaign names.
 */
campaigns: Array<Facet>, };

/**
 * What is wrong with a log.
 */
export type Fault = "missing" | "changed" | "head" | "shorter" | "another" | "segment";

/**
 * A feat, feature, trait or picked option.
 */
export type Feature = { 
/**
 * Matches it between versions. Not shown.
 */
key: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The class, species, background or feat it comes from.
 */
source: string, };

/**
 * What is measured while the program runs.
 */
export type Figures = { 
/**
 * How long the store takes.
 */
latencies: Array<Latency>, 
/**
 * What went on in the last ten minutes.
 */
recent: Recent, 
/**
 * Connections, where there is a pool of them.
 */
pool: ConnectionPool | null, };

/**
 * What became of one file, and where it went.
 */
export type FileResult = { 
/**
 * The path as given.
 */
path: string, 
/**
 * What became of it.
 */
outcome: Outcome, 
/**
 * Whose it is.
 */
character: CharacterId | null, 
/**
 * The character's name.
 */
name?: string, 
/**
 * The version it became or was seen as.
 */
version: number | null, 
/**
 * When it was captured.
 */
captured_at: string | null, 
/**
 * What it changed.
 */
sentences?: Array<string>, 
/**
 * How many changes.
 */
changes: number, 
/**
 * Why it failed.
 */
error?: WireError, };

/**
 * A document that was written to a file of its own.
 */
export type FileSaved = { 
/**
 * What the file is called; none when the user thought better of it.
 */
name: string | null, };

/**
 * What is wrong, and where.
 */
export type Finding = { 
/**
 * The number of the entry.
 */
sequence: number, 
/**
 * What.
 */
fault: Fault, };

/**
 * What was left out of the rows.
 */
export type Folded = { 
/**
 * Differences that a rest makes.
 */
state: number, 
/**
 * Differences of the documents that no player sees.
 */
noise: number, };

/**
 * Names a watched folder.
 */
export type FolderRef = { 
/**
 * From [`WatchedFolder`].
 */
path: string, };

/**
 * What an export looks like.
 */
export type Form = "backstory" | "json" | "markdown" | "csv";

/**
 * How a character grew.
 */
export type Growth = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * The numbers over time.
 */
series: Series, 
/**
 * When each level was reached, and how long it took.
 */
levels: Array<LevelReached>, };

/**
 * How many versions there were at the end of a day, and what their documents took.
 */
export type GrowthDay = { 
/**
 * `2026-11-30`.
 */
day: string, versions: number, bytes: number, };

/**
 * One step of a character's growth: enough to draw the small line on its card.
 */
export type GrowthPoint = { 
/**
 * When.
 */
at: string, 
/**
 * The total level from then on.
 */
level: number, };

/**
 * How everything stands.
 */
export type Health = { 
/**
 * The worst of all.
 */
status: HealthStatus, 
/**
 * When it was looked at.
 */
at: string, 
/**
 * What was looked at.
 */
checks: Array<HealthCheck>, 
/**
 * What is not well, the worst first.
 */
alerts: Array<Alert>, };

/**
 * One thing that was looked at.
 */
export type HealthCheck = { 
/**
 * Its stable name.
 */
name: string, 
/**
 * How it stands.
 */
status: HealthStatus, 
/**
 * That in words.
 */
message: string, 
/**
 * What to do, where something is to be done.
 */
hint: string | null, 
/**
 * When what it tells of happened.
 */
at: string | null, 
/**
 * The error behind it.
 */
problem: WireError | null, };

/**
 * Asks how everything stands.
 */
export type HealthGet = { 
/**
 * Also look whether the system's keychain opens. It may ask the player for a password.
 */
keychain: boolean, };

/**
 * How something stands.
 */
export type HealthStatus = "ok" | "warning" | "critical";

/**
 * A place where Backstory keeps something.
 */
export type Held = { 
/**
 * Its kind.
 */
kind: HeldKind, 
/**
 * A file or a folder; empty for the keychain.
 */
path: string, 
/**
 * How many files.
 */
files: number, 
/**
 * How many bytes.
 */
bytes: number, };

/**
 * Why a plan is not carried out.
 */
export type HeldBy = "clock_ahead" | "clock_behind";

/**
 * A kind of place where Backstory keeps something.
 */
export type HeldKind = "library" | "copies" | "set_aside" | "backups" | "leftovers" | "settings" | "window_data" | "records" | "session" | "cache";

/**
 * A page of a history, newest first.
 */
export type History = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * How many there are, beyond this page.
 */
total: number, 
/**
 * The page.
 */
entries: Array<HistoryEntry>, };

/**
 * One version in a history.
 */
export type HistoryEntry = { 
/**
 * Its identity.
 */
id: SnapshotId, 
/**
 * Its number.
 */
version: number, 
/**
 * When we looked.
 */
captured_at: string, 
/**
 * When the player edited, if the source says.
 */
edited_at: string | null, 
/**
 * How it compares with the version before it.
 */
kind: Kind, 
/**
 * What happened, the most important first.
 */
sentences: Array<string>, 
/**
 * The first of them, without what came with it: "Reached Wizard 3".
 */
headline: string | null, 
/**
 * What each sentence is about.
 */
topics: Array<Topic>, 
/**
 * How many changes a player would notice.
 */
changes: number, 
/**
 * How many differences only a rest makes.
 */
state: number, 
/**
 * The total level at this version.
 */
level: number, 
/**
 * Whether it is a turning point.
 */
landmark: boolean, 
/**
 * How long it stood.
 */
seen: Seen, 
/**
 * Kept for ever.
 */
pinned: boolean, 
/**
 * Names the player gave it.
 */
tags: Array<string>, 
/**
 * What the player wrote to it.
 */
note: string | null, 
/**
 * Lies in the archive area.
 */
archived: boolean, 
/**
 * The sitting it belongs to: the time of the sitting's first version.
 */
session: string, 
/**
 * The file it came from.
 */
origin: string | null, 
/**
 * The length of its document.
 */
bytes: number, 
/**
 * The BLAKE3 of its document.
 */
content: ContentHash, 
/**
 * What was cut out of it at the door.
 */
cuts: Array<Cut>, };

/**
 * Asks for a history.
 */
export type HistoryGet = { 
/**
 * An id, or a name where it is the only one.
 */
character: string, 
/**
 * Also the versions in which nothing a player sees changed.
 */
quiet_too?: boolean, 
/**
 * At most so many.
 */
limit?: number, 
/**
 * Skips so many.
 */
offset?: number, };

/**
 * Hit points now.
 */
export type HitPoints = { max: number, current: number, temporary: number, 
/**
 * What the maximum is made of.
 */
parts: Array<Part>, };

/**
 * Fetches a character from where it lives.
 */
export type ImportLink = { 
/**
 * Its page's address, or its number.
 */
address: string, 
/**
 * The player has read what fetching does and agrees; recorded, so that it is asked once.
 */
agree: boolean, };

/**
 * What became of every file.
 */
export type ImportReport = { 
/**
 * In the order they were read.
 */
files: Array<FileResult>, 
/**
 * How many ended in each outcome; every outcome is there.
 */
totals: { [key in string]: number }, 
/**
 * Whether it was stopped before the end. What is in `files` is done and kept.
 */
stopped: boolean, };

/**
 * Imports a selection.
 */
export type ImportStart = { 
/**
 * From [`Selection`].
 */
selection: number, 
/**
 * Only say what would happen. The selection can still be imported.
 */
dry_run?: boolean, 
/**
 * What opens the encrypted exports in it.
 */
passphrase?: string, };

/**
 * Imports a text that was pasted.
 */
export type ImportText = { 
/**
 * The document.
 */
text: string, 
/**
 * Only say what would happen.
 */
dry_run: boolean, };

/**
 * A thing carried, as shown.
 */
export type ItemView = { key: string, name: string, kind: string | null, quantity: number, equipped: boolean, attuned: boolean, 
/**
 * The name of the container it lies in.
 */
container: string | null, custom: boolean, charges: LimitView | null, };

/**
 * Stops a running job; it leaves a whole state and reports what it did.
 */
export type JobCancel = { 
/**
 * From [`crate::job::ProgressEvent::Started`].
 */
job: number, };

/**
 * One kind of work, as it is shown.
 */
export type JobEntry = { 
/**
 * Its stable name.
 */
name: string, 
/**
 * How often it is done by itself.
 */
every_hours: number, 
/**
 * Whether it is done by itself.
 */
on: boolean, 
/**
 * Whether somebody does it at this moment.
 */
running: boolean, 
/**
 * How it went the last time.
 */
last: JobRun | null, 
/**
 * When it is time again; it then waits until nobody uses the library.
 */
next: string | null, };

/**
 * How work ended.
 */
export type JobOutcome = "done" | "nothing" | "stopped" | "failed";

/**
 * Names a kind of work.
 */
export type JobRef = { 
/**
 * Its name.
 */
name: string, };

/**
 * When work was done last, and how that ended.
 */
export type JobRun = { 
/**
 * When it began.
 */
at: string, 
/**
 * How long it took.
 */
milliseconds: number, 
/**
 * How it ended.
 */
outcome: JobOutcome, 
/**
 * What it did, in numbers, by their names.
 */
counts: { [key in string]: number }, 
/**
 * Why it failed, or what it found.
 */
problem: WireError | null, 
/**
 * When it was last done to its end, this time or before.
 */
done_at: string | null, };

/**
 * Asks for work to be done more or less often, or not by itself.
 */
export type JobSet = { 
/**
 * Its name.
 */
name: string, 
/**
 * Never by itself.
 */
off?: boolean, 
/**
 * How often.
 */
every_hours?: number, };

/**
 * All work there is.
 */
export type Jobs = { 
/**
 * In the order in which it is shown.
 */
jobs: Array<JobEntry>, };

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/**
 * Why a version stays. It may have several reasons.
 */
export type KeepReason = "newest" | "oldest" | "pinned" | "tagged" | "noted" | "open" | "future" | "unlimited" | "recent" | "daily" | "weekly" | "monthly";

/**
 * How many versions have a reason to stay. One may have several.
 */
export type KeptFor = { 
/**
 * The reason.
 */
reason: KeepReason, 
/**
 * How many.
 */
count: number, };

/**
 * A version that stays as it is.
 */
export type KeptVersion = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * Its number.
 */
version: number, 
/**
 * Its identity.
 */
id: SnapshotId, 
/**
 * When it was captured.
 */
captured_at: string, 
/**
 * Why it stays.
 */
reasons: Array<KeepReason>, };

/**
 * A top-level key with differences.
 */
export type KeyCount = { 
/**
 * The key.
 */
key: string, 
/**
 * How many lines differ below it.
 */
changes: number, 
/**
 * The index of its first differing row.
 */
row: number, };

/**
 * A master key that is in use, and for how many characters.
 */
export type KeyInUse = { 
/**
 * Its name: made from the key, and nothing of it can be told from the name.
 */
id: string, 
/**
 * How everything under it is encrypted.
 */
algorithm: string, 
/**
 * How many characters' keys it wraps.
 */
characters: number, };

/**
 * What a version is, compared with the one before it in the history.
 */
export type Kind = "baseline" | "change" | "state" | "quiet";

/**
 * A language the catalogue is complete in.
 */
export type Language = "en" | "de";

/**
 * How long one kind of operation takes.
 */
export type Latency = { 
/**
 * Which.
 */
operation: StoreOperation, 
/**
 * How often it was asked.
 */
count: number, 
/**
 * How often the store could not answer.
 */
errors: number, 
/**
 * Milliseconds that half of them did not exceed.
 */
p50: number, 
/**
 * Milliseconds that 95 of 100 did not exceed.
 */
p95: number, 
/**
 * Milliseconds that 99 of 100 did not exceed.
 */
p99: number, };

/**
 * How the library is laid out.
 */
export type Layout = "grid" | "list";

/**
 * How bad it is.
 */
export type Level = "warning" | "critical";

/**
 * A level, and how long it took to get there from the one before.
 */
export type LevelReached = { 
/**
 * Which level.
 */
level: number, 
/**
 * When it was first seen.
 */
t: string, 
/**
 * The number of the version that reached it.
 */
version: number, 
/**
 * Seconds since the level before it in the history; none for the first.
 */
seconds: number | null, };

/**
 * A copy of a library, made before something was changed in it.
 */
export type LibraryCopy = { 
/**
 * The file's name, in the library's folder.
 */
name: string, 
/**
 * When it was made.
 */
made_at: string, 
/**
 * Its length.
 */
bytes: number, };

/**
 * Free software that is part of the program.
 */
export type Licence = { name: string, version: string, licence: string, };

/**
 * What can be done only so often, and how often it was done.
 */
export type LimitView = { name: string, max: number, used: number, resets: string | null, };

/**
 * What opens the master key on this computer, besides the recovery phrase.
 */
export type LockKind = "keychain" | "passphrase";

/**
 * How the log is written to a file.
 */
export type LogForm = "lines" | "csv";

/**
 * A backup that was made.
 */
export type Made = { 
/**
 * It.
 */
backup: Backup, 
/**
 * Those that went, since they are not kept any longer.
 */
removed: Array<string>, 
/**
 * Nothing was saved since the last backup, so this is that one.
 */
is_the_last: boolean, };

/**
 * Somebody's place in a campaign of a store that several people share.
 *
 * A character is shared with the members of its campaign only where its owner is one of them too: two groups that play the
 * same adventure do not see each other.
 */
export type Member = { 
/**
 * The campaign's name.
 */
campaign: string, 
/**
 * Who.
 */
user: string, 
/**
 * As what.
 */
role: Role, };

/**
 * Asks for somebody's place in a campaign.
 */
export type MemberSet = { 
/**
 * The campaign's name.
 */
campaign: string, 
/**
 * Who.
 */
user: string, 
/**
 * As what; none: no longer.
 */
role: Role | null, };

/**
 * What a move to the chosen place would do.
 */
export type MoveLook = { 
/**
 * Where the library is.
 */
from: MovePlace, 
/**
 * Where it would be.
 */
to: MovePlace, 
/**
 * Characters that are in the new place already.
 */
there: number, 
/**
 * A move of this library to this place was begun and paused: it goes on.
 */
begun: boolean, 
/**
 * Characters that would be copied.
 */
characters: number, 
/**
 * Their versions.
 */
versions: number, 
/**
 * Bytes of their documents, before they are made small.
 */
bytes: number, 
/**
 * Versions that are there already.
 */
skipped: number, 
/**
 * Characters that only the new place has: nothing is done to them.
 */
left_alone: number, 
/**
 * What would be left as it is there, and why.
 */
stays: Array<Stays>, 
/**
 * Free bytes on the disk of the new place, where that is known.
 */
free: number | null, 
/**
 * Bytes it takes at most.
 */
needs: number, 
/**
 * What becomes of encryption.
 */
sealing: Sealing, 
/**
 * The rehearsal copies everything into a place beside the new one and removes it again; else it reads every version and
 * tries whether the server takes changes.
 */
rehearses_whole: boolean, 
/**
 * The window opens the new library at the next start too. Not where the configuration says which one is opened.
 */
lasting: boolean, };

/**
 * One side of a move.
 */
export type MovePlace = { 
/**
 * What kind of store: `sqlite`, `folder`, `postgres`, …
 */
kind: string, 
/**
 * Where, as a person would find it. Never holds a password.
 */
location: string, };

/**
 * Goes on with a move.
 */
export type MoveStart = { 
/**
 * The player agreed that an encrypted library becomes one that is not.
 */
plain: boolean, };

/**
 * Where the library is to go.
 */
export type MoveTo = { "to": "file" } | { "to": "folder" } | { "to": "server", 
/**
 * Its address, as it was typed. It may hold a password: it is shown nowhere and in no message.
 */
address: string, };

/**
 * What a rehearsal or a copy did.
 */
export type Moved = { 
/**
 * Characters that are there now, or were.
 */
characters: number, 
/**
 * Their versions.
 */
versions: number, 
/**
 * How many of those were read back and are equal.
 */
verified: number, 
/**
 * What was left as it is, or failed, and why.
 */
stays: Array<Stays>, 
/**
 * It was paused before the end.
 */
stopped: boolean, 
/**
 * Every version of the library is there, read back and equal.
 */
complete: boolean, };

/**
 * A version that is moved.
 */
export type MovedVersion = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * Its number.
 */
version: number, 
/**
 * Its identity.
 */
id: SnapshotId, 
/**
 * When it was captured.
 */
captured_at: string, };

/**
 * Asks for words to be written to a version.
 */
export type NoteSet = { 
/**
 * An id, or a name where it is the only one.
 */
character: string, 
/**
 * Which version, as everywhere.
 */
version: string, 
/**
 * The words; none, or empty: no note any more.
 */
note: string | null, };

/**
 * How a library is to be opened.
 */
export type OpenLibrary = { "how": "again" } | { "how": "read_only" } | { "how": "choose", 
/**
 * A folder of plain files, not one file.
 */
folder: boolean, } | { "how": "usual" } | { "how": "copy", 
/**
 * One of [`Ways::copies`].
 */
name: string, } | { "how": "empty" };

/**
 * A library that was opened.
 */
export type Opened = { 
/**
 * What is open now; none when the user thought better of it.
 */
overview: Overview | null, 
/**
 * Where the one that was there is kept now.
 */
set_aside: string | null, };

/**
 * What became of one file.
 */
export type Outcome = "added" | "changed" | "quiet" | "identical" | "failed";

/**
 * What the years will do to a version.
 */
export type OutlookEntry = { 
/**
 * Its identity.
 */
id: SnapshotId, 
/**
 * Its number.
 */
version: number, 
/**
 * The last moment at which it stays; none: nothing takes it by its age.
 */
goes_after: string | null, 
/**
 * The last moment at which it is at hand; none: it stays so, or is in the archive.
 */
archived_after: string | null, };

/**
 * A character with a policy of its own.
 */
export type OverrideEntry = { 
/**
 * Which.
 */
character: CharacterId, 
/**
 * Its name.
 */
name: string, 
/**
 * What holds for it.
 */
policy: RetentionPolicy, 
/**
 * The name of that, where it has one.
 */
preset: Preset | null, };

/**
 * What the frame of the window shows.
 */
export type Overview = { 
/**
 * Backstory's version.
 */
version: string, 
/**
 * The open store.
 */
store: StorageInfo, 
/**
 * What is in it.
 */
facets: Facets, 
/**
 * Whether these are the sample characters, which are kept nowhere.
 */
sample: boolean, 
/**
 * Whether the system can tell the player something while they are elsewhere.
 */
can_notify: boolean, 
/**
 * Whether the system has a tray in which Backstory can stay when its window is closed.
 */
can_stay: boolean, 
/**
 * The store's revision, to notice what other programs wrote.
 */
revision: number, };

/**
 * One part of a derived number.
 */
export type Part = { 
/**
 * Where it comes from, in a player's words.
 */
label: string, 
/**
 * What it adds.
 */
value: number, };

/**
 * A recovery phrase that was made and is not in use.
 */
export type Phrase = { 
/**
 * Its words, in their order.
 */
words: Array<string>, 
/**
 * The places of words that the player is to type back, counted from 1.
 */
ask: Array<number>, };

/**
 * Asks for a pin to be set or taken away.
 */
export type PinSet = { 
/**
 * An id, or a name where it is the only one.
 */
character: string, 
/**
 * Which version, as everywhere.
 */
version: string, 
/**
 * Whether it is kept for ever from now on.
 */
pinned: boolean, };

/**
 * Where words stand on a sheet.
 */
export type Place = "identity" | "inventory" | "spells" | "features" | "notes";

/**
 * A value from a moment on.
 */
export type Point = { 
/**
 * When.
 */
t: string, 
/**
 * What.
 */
v: number, 
/**
 * The number of the version that says so.
 */
version: number, };

/**
 * How the player likes the window on this computer.
 */
export type Preferences = { 
/**
 * The language; none is the system's.
 */
language: Language | null, 
/**
 * The size of the text, in per cent of the usual one.
 */
text_size: number, 
/**
 * The characters at hand, in the player's order.
 */
pinned: Array<CharacterId>, 
/**
 * Light or dark.
 */
theme: Theme, 
/**
 * Cards or rows.
 */
layout: Layout, 
/**
 * The order of the library.
 */
sort: Sort, 
/**
 * Tells by a message of the system what a watched folder brought while the window was not looked at.
 */
notify: boolean, 
/**
 * Goes on in the system's tray when the window is closed, so that folders stay watched.
 */
stay: boolean, };

/**
 * A policy by name.
 */
export type Preset = "everything" | "thinned" | "small";

/**
 * A policy that has a name.
 */
export type PresetEntry = { 
/**
 * Its name.
 */
preset: Preset, 
/**
 * What it says.
 */
policy: RetentionPolicy, };

/**
 * What a policy would do to one character.
 */
export type PreviewEntry = { 
/**
 * Which.
 */
character: CharacterId, 
/**
 * Its name.
 */
name: string, 
/**
 * Versions that stay, the archived ones included.
 */
keep: number, 
/**
 * Those of them that move into the archive.
 */
archive: number, 
/**
 * Versions that go.
 */
drop: number, 
/**
 * Which, the newest first; at most two hundred.
 */
going: Array<DroppedVersion>, 
/**
 * Whether it would lose its name, its notes and all that tells of its player.
 */
anonymise: boolean, };

/**
 * Who is asking.
 */
export type Principal = { 
/**
 * Their name in the store.
 */
user: string, 
/**
 * Whether everything is theirs to do.
 */
admin: boolean, };

/**
 * Something a check found.
 */
export type Problem = { 
/**
 * A stable name: `content_damaged`, `content_missing`, `index_stale`, …
 */
code: string, 
/**
 * Which thing: `ddb-1 version 4`.
 */
where: string, 
/**
 * What is wrong, for a person.
 */
message: string, 
/**
 * Whether `verify --repair` can mend it.
 */
repairable: boolean, };

/**
 * Other proficiencies, by name.
 */
export type Proficiencies = { armor: Array<string>, weapons: Array<string>, tools: Array<string>, languages: Array<string>, };

/**
 * One report of long work.
 */
export type ProgressEvent = { "event": "started", 
/**
 * Give this to `job.cancel`.
 */
job: number, 
/**
 * How many things there are to do.
 */
total: number, } | { "event": "reading", 
/**
 * Its place in the list, from 0.
 */
index: number, 
/**
 * The path as given.
 */
path: string, } | { "event": "file", 
/**
 * Its place in the list, from 0.
 */
index: number, 
/**
 * What became of it.
 */
result: FileResult, } | { "event": "character", 
/**
 * What is done.
 */
doing: Doing, 
/**
 * What it is called.
 */
name: string, } | { "event": "advanced", 
/**
 * Things done.
 */
done: number, 
/**
 * Things to do.
 */
total: number, } | { "event": "waiting", 
/**
 * When it goes on.
 */
until: string, };

/**
 * What something was agreed to for.
 */
export type Purpose = "fetch" | "notify";

/**
 * Which characters. Every given condition must hold; an empty one holds for all.
 */
export type QueryFilter = { 
/**
 * Only these ids. Empty: all.
 */
ids?: Array<CharacterId>, 
/**
 * Called exactly one of these, without regard to case. Empty: all.
 */
names?: Array<string>, 
/**
 * The name contains this, without regard to case.
 */
name?: string, 
/**
 * Name, species, class, subclass or campaign contains this, without regard to case: search as you type.
 */
text?: string, 
/**
 * Has one of these classes, without regard to case. Empty: all.
 */
classes?: Array<string>, 
/**
 * Lowest total level.
 */
min_level?: number, 
/**
 * Highest total level.
 */
max_level?: number, 
/**
 * The campaign's name is this. The empty text: characters without a campaign.
 */
campaign?: string, 
/**
 * Last changed at or after.
 */
changed_after?: string, 
/**
 * Last changed before.
 */
changed_before?: string, 
/**
 * Owned by this user.
 */
owner?: string, 
/**
 * Whether those in the bin are wanted.
 */
deleted?: Deleted, 
/**
 * Only what this person may see. Set by [`crate::access`], not by callers.
 */
visible_to?: VisibleTo, 
/**
 * The order. Ties are broken by id.
 */
sort?: Sort, 
/**
 * At most so many. None: all.
 */
limit?: number, 
/**
 * Skips so many.
 */
offset?: number, 
/**
 * Only what stands behind this place in the order; `offset` counts from there. [`Page::total`] does not change with it.
 */
after?: Cursor, };

/**
 * One value that differs.
 */
export type RawChange = { 
/**
 * Where, as a JSON pointer into the new document (the old one for what was removed).
 */
pointer: string, 
/**
 * What happened.
 */
kind: ChangeKind, 
/**
 * The JSON text before.
 */
old: string | null, 
/**
 * The JSON text after.
 */
new: string | null, };

/**
 * Asks for a comparison of two documents.
 */
export type RawCompareGet = { 
/**
 * The old side.
 */
from: VersionRef, 
/**
 * The new side.
 */
to: VersionRef, };

/**
 * Two documents compared, value by value.
 */
export type RawComparison = { 
/**
 * In the order of the new document.
 */
changes: Array<RawChange>, };

/**
 * Two documents side by side.
 */
export type RawLines = { 
/**
 * The rows from top to bottom.
 */
rows: Array<Row>, 
/**
 * Top-level keys with differences, in the order of the document, and where each begins in `rows`.
 */
keys: Array<KeyCount>, 
/**
 * How many lines.
 */
counts: Counts, };

/**
 * Asks for two documents side by side, line by line.
 */
export type RawLinesGet = { 
/**
 * The old side.
 */
from: VersionRef, 
/**
 * The new side.
 */
to: VersionRef, 
/**
 * Equal lines to keep around a change; the rest is folded. None: nothing is folded.
 */
context?: number, };

/**
 * Why a store takes no changes. Its words are for people; a window has them in its own language.
 */
export type ReadOnly = "asked" | "newer" | "not_allowed" | "server_refuses" | "export";

/**
 * What was erased.
 */
export type Receipt = { 
/**
 * The form of this receipt.
 */
form: number, 
/**
 * Backstory's version.
 */
program: string, 
/**
 * Whether it was everything, or one character.
 */
everything: boolean, 
/**
 * When the player asked for it.
 */
asked_at: string, 
/**
 * When the last look was done.
 */
finished_at: string, 
/**
 * How often it was interrupted and went on.
 */
interrupted: number, 
/**
 * How much.
 */
counts: Amount, 
/**
 * Whether a store was emptied that is not a file of this computer.
 */
store: boolean, 
/**
 * What was taken away on this computer.
 */
removed: Array<Removed>, 
/**
 * The last look.
 */
sweep: Sweep, 
/**
 * What stays.
 */
beyond: Array<BeyondKind>, 
/**
 * What stood for the library's audit log in the end: so many entries, which end in this hash and have this root. None in
 * receipts of before there was a log.
 */
log?: TreeHead, };

/**
 * What a receipt is worth.
 */
export type ReceiptCheck = { 
/**
 * Whether it is as it was made.
 */
valid: boolean, 
/**
 * Its number.
 */
number: string, 
/**
 * What it says.
 */
receipt: Receipt, };

/**
 * Asks whether a receipt is as it was made.
 */
export type ReceiptGet = { 
/**
 * The receipt's text, JSON.
 */
text: string, };

/**
 * What went on in the last ten minutes.
 */
export type Recent = { 
/**
 * What was asked of the store.
 */
calls: number, 
/**
 * What it could not answer.
 */
errors: number, 
/**
 * What whoever asked may not know.
 */
denied: number, 
/**
 * How often all connections were in use for too long.
 */
no_connection: number, 
/**
 * The slowest that a player waited for, and its milliseconds.
 */
slowest: [StoreOperation, number] | null, };

/**
 * What a recompression did.
 */
export type Recompressed = { 
/**
 * Documents looked at.
 */
contents: number, 
/**
 * Documents stored anew.
 */
rewritten: number, 
/**
 * Bytes they took before.
 */
bytes_before: number, 
/**
 * Bytes they take now.
 */
bytes_after: number, };

/**
 * The same keys are to be under another lock.
 */
export type RelockSet = { 
/**
 * What opens it.
 */
lock: LockKind, 
/**
 * The words, for [`LockKind::Passphrase`].
 */
passphrase?: string, };

/**
 * What was taken away of one kind.
 */
export type Removed = { kind: HeldKind, files: number, bytes: number, };

/**
 * Asks for versions to be told anew.
 */
export type RetellSet = { 
/**
 * Every version, not only those that an older Backstory told: where what was told of one is damaged.
 */
all?: boolean, };

/**
 * Asks for a plan to be carried out.
 */
export type RetentionApply = { 
/**
 * As it was asked for.
 */
characters?: Array<string>, 
/**
 * The time of the plan.
 */
at: string, 
/**
 * Versions that open screens show or compare with.
 */
open?: Array<SnapshotId>, 
/**
 * The token of the plan that the player agreed to.
 */
token: string, 
/**
 * The player says that this computer's clock is right.
 */
clock_is_right?: boolean, };

/**
 * What was done.
 */
export type RetentionDone = { 
/**
 * Versions that went.
 */
dropped: number, 
/**
 * Versions that were to go and stayed, since something of them had changed.
 */
spared: number, 
/**
 * Versions that moved into the archive.
 */
archived: number, 
/**
 * Characters that lost what told of their player.
 */
anonymised: number, };

/**
 * Asks what a policy would do.
 */
export type RetentionGet = { 
/**
 * Only these: ids, or names where they are the only ones. Empty: all.
 */
characters?: Array<string>, 
/**
 * At this time. None: now.
 */
at?: string, 
/**
 * Versions that open screens show or compare with.
 */
open?: Array<SnapshotId>, 
/**
 * This policy for the library instead of the one that holds.
 */
policy?: RetentionPolicy, };

/**
 * What would become of every version, and why.
 */
export type RetentionPlan = { 
/**
 * The time it is made for.
 */
at: string, 
/**
 * The zone of its days, weeks and months.
 */
zone: string, 
/**
 * What stays as it is.
 */
keep: Array<KeptVersion>, 
/**
 * What stays and moves into the archive.
 */
archive: Array<ArchivedVersion>, 
/**
 * What goes.
 */
drop: Array<DroppedVersion>, 
/**
 * Whose player is forgotten.
 */
anonymise: Array<DueCharacter>, 
/**
 * What somebody should know first.
 */
warnings: Array<Warning>, 
/**
 * Why nothing of it is done now, where that is so: the clock is not to be believed.
 */
held: ClockDoubt | null, 
/**
 * Stands for exactly this plan.
 */
token: string, };

/**
 * How long versions are kept. What is not said does nothing: without a rule of age, every version is kept whatever its age.
 *
 * An age is a span of 24-hour days since the capture, so that it does not depend on a zone. Days, weeks and months are those
 * of the library's zone; of each, the last version is kept.
 */
export type RetentionPolicy = { 
/**
 * Every version that is not older is kept.
 */
keep_all_days: number | null, 
/**
 * Until this age, the last version of each day is kept.
 */
daily_until_days: number | null, 
/**
 * Until this age, the last version of each week is kept: ISO weeks, Monday to Sunday.
 */
weekly_until_days: number | null, 
/**
 * The last version of each month is kept for ever.
 */
monthly_forever: boolean, 
/**
 * At most so many of one character. The last rule: it goes before those of age, and says so.
 */
max_versions_per_character: number | null, 
/**
 * At most so many megabytes of documents in the whole library, as they are stored.
 */
max_total_size_mb: number | null, 
/**
 * What is older moves into the archive.
 */
archive_after_days: number | null, 
/**
 * What is older goes, whichever rule of age keeps it.
 */
auto_delete_after_days: number | null, 
/**
 * Nothing goes for being older than that. Instead, a character of which nothing was captured for so long loses its name,
 * its notes and all that tells of its player, and keeps its history.
 */
anonymise_instead_of_delete: boolean, };

/**
 * What a policy would do.
 */
export type RetentionPreview = { 
/**
 * The time it is made for.
 */
at: string, 
/**
 * Versions that stay, the archived ones included.
 */
keep: number, 
/**
 * Those of them that move into the archive.
 */
archive: number, 
/**
 * Versions that go.
 */
drop: number, 
/**
 * Why versions stay.
 */
kept_for: Array<KeptFor>, 
/**
 * Why versions go.
 */
dropped_for: Array<DroppedFor>, 
/**
 * The characters, those that lose the most first.
 */
characters: Array<PreviewEntry>, 
/**
 * What somebody should know first.
 */
warnings: Array<Warning>, 
/**
 * Why nothing of it is done now, where that is so.
 */
held: ClockDoubt | null, 
/**
 * Stands for exactly this plan.
 */
token: string, };

/**
 * Asks for another policy.
 */
export type RetentionSet = { 
/**
 * For this character alone: an id, or a name where it is the only one. None: for the library.
 */
character?: string, 
/**
 * What holds from now on. None: as without a word, the character as its library, the library as the configuration.
 */
policy?: RetentionPolicy, 
/**
 * The zone of days, weeks and months, by its IANA name. None: the one of before, else the player's.
 */
zone?: string, };

/**
 * How long versions are kept in the open library.
 */
export type RetentionView = { 
/**
 * What holds for every character without a policy of its own.
 */
policy: RetentionPolicy, 
/**
 * The name of that, where it has one.
 */
preset: Preset | null, 
/**
 * The zone of days, weeks and months.
 */
zone: string, 
/**
 * Whether the library says so itself; else the configuration does, or nobody.
 */
own: boolean, 
/**
 * The characters with a policy of their own.
 */
characters: Array<OverrideEntry>, 
/**
 * The policies that have names.
 */
presets: Array<PresetEntry>, };

/**
 * What telling anew did.
 */
export type Retold = { 
/**
 * Characters with a version that was told anew.
 */
characters: number, 
/**
 * Versions that were told anew.
 */
versions: number, 
/**
 * Versions that could not be read, and stay as they were told.
 */
unreadable: number, };

/**
 * What somebody is in a campaign.
 */
export type Role = "dungeon_master" | "player" | "viewer";

/**
 * What takes room, and how that grew.
 */
export type Room = { 
/**
 * How much there is.
 */
statistics: StorageStatistics, 
/**
 * Bytes of backups.
 */
backups: number, 
/**
 * What each character takes, the largest first.
 */
characters: Array<CharacterRoom>, 
/**
 * How documents are kept.
 */
codecs: Array<CodecRoom>, 
/**
 * How it grew, the days on which something was saved.
 */
growth: Array<GrowthDay>, 
/**
 * Versions by the hour of the player's day in which they were saved: 24 numbers.
 */
hours: Array<number>, 
/**
 * Versions a day, over the last thirty days.
 */
per_day: number, 
/**
 * How many versions were looked at: all of them, where the library is not very large.
 */
looked_at: number, };

/**
 * Asks what takes room.
 */
export type RoomGet = { 
/**
 * How far the player's clock is ahead of UTC, in minutes.
 */
offset_minutes: number, };

/**
 * One line of a side-by-side view.
 */
export type Row = { "kind": "same", 
/**
 * Line number on the left, from 1.
 */
a: number, 
/**
 * Line number on the right, from 1.
 */
b: number, 
/**
 * The line.
 */
text: string, } | { "kind": "changed", 
/**
 * Line number on the left.
 */
a: number, 
/**
 * Line number on the right.
 */
b: number, 
/**
 * The line on the left.
 */
old: string, 
/**
 * The line on the right.
 */
new: string, } | { "kind": "added", 
/**
 * Line number on the right.
 */
b: number, 
/**
 * The line.
 */
text: string, } | { "kind": "removed", 
/**
 * Line number on the left.
 */
a: number, 
/**
 * The line.
 */
text: string, } | { "kind": "fold", 
/**
 * The first line number on the left.
 */
a: number, 
/**
 * The first line number on the right.
 */
b: number, 
/**
 * How many.
 */
count: number, };

/**
 * The edition of the rules a character is built with.
 */
export type Rules = "2014" | "2024" | "mixed";

/**
 * What is to be erased.
 */
export type Scope = { "what": "everything" } | { "what": "character", 
/**
 * Its id; or its name, where only one has it.
 */
character: string, };

/**
 * A receipt with its number and its seal.
 */
export type SealedReceipt = { 
/**
 * `BS-20250804-1408-7F3A09C2`: the time in UTC, and what the key begins with when it is hashed.
 */
number: string, 
/**
 * What was erased.
 */
receipt: Receipt, 
/**
 * The public key, Ed25519, in hexadecimal digits. The private one is kept nowhere.
 */
key: string, 
/**
 * The signature of [`SealedReceipt::signed_text`], in hexadecimal digits.
 */
signature: string, };

/**
 * What becomes of a library's encryption at another store.
 */
export type Sealing = "plain" | "same" | "own" | "lost";

/**
 * A version in which the words appeared.
 */
export type SearchFound = { 
/**
 * Whose.
 */
character: CharacterId, 
/**
 * The version's identity.
 */
id: SnapshotId, 
/**
 * Its number.
 */
version: number, 
/**
 * When it was captured.
 */
captured_at: string, 
/**
 * Where on the sheet.
 */
where: Place, 
/**
 * The words, with what stands around them.
 */
snippet: string, };

/**
 * Looks for words in all versions.
 */
export type SearchGet = { 
/**
 * The words: all of them, each from its beginning.
 */
text: string, 
/**
 * Only in this character: an id, or a name where it is the only one.
 */
character?: string, 
/**
 * Only where each text appeared first in each character, the oldest first. Else everything, the newest first.
 */
first?: boolean, 
/**
 * At most so many; none: 200.
 */
limit?: number, };

/**
 * What was found.
 */
export type SearchHits = { 
/**
 * The versions in which the words appeared.
 */
hits: Array<SearchFound>, };

/**
 * A part of the sheet.
 */
export type Section = "identity" | "abilities" | "combat" | "spells" | "inventory" | "features" | "proficiencies" | "currency" | "notes" | "state";

/**
 * How long a version stood unchanged.
 */
export type Seen = { 
/**
 * The last time these bytes were found.
 */
last: string, 
/**
 * How often they were found, the first time included.
 */
count: number, };

/**
 * Files the user chose in a dialog or dropped on the window. Paths stay on this side of the bridge.
 */
export type Selection = { 
/**
 * Give this to `import.start`.
 */
selection: number, 
/**
 * Names of the files and folders chosen.
 */
names: Array<string>, };

/**
 * Numbers over time: the first value, every other one, and the last look.
 */
export type Series = { level: Array<Point>, xp: Array<Point>, hit_points_max: Array<Point>, armor_class: Array<Point>, 
/**
 * In gold pieces, all coins together.
 */
gold: Array<Point>, items: Array<Point>, spells_known: Array<Point>, 
/**
 * By ability: `str`, `dex`, …
 */
abilities: { [key in string]: Array<Point> }, };

/**
 * Asks for the sheet at a version.
 */
export type SheetGet = { 
/**
 * An id, or a name where it is the only one.
 */
character: string, 
/**
 * A number, an identity, `latest`, `first`, `~N` or a date. None: the latest.
 */
version?: string, };

/**
 * The sheet at a version, as `show` prints it and the window draws it.
 */
export type SheetView = { id: CharacterId, version: number, captured_at: string, edited_at: string | null, name: string, species: string | null, background: string | null, rules: Rules, level: number, xp: number | null, classes: Array<Class>, abilities: Abilities, proficiency_bonus: number, hit_points: HitPoints, armor_class: Derived, initiative: Derived, speeds: { [key in string]: number }, size: string | null, senses: { [key in string]: number }, defenses: Defenses, saving_throws: Array<Ability>, saves: { [key in Ability]?: Derived }, skill_bonuses: { [key in string]: Derived }, passive: { [key in string]: Derived }, skills: { [key in string]: SkillRank }, proficiencies: Proficiencies, currency: Currency, spells: Array<SpellView>, spell_slots: Array<SlotView>, spellcasting: Array<Spellcasting>, inventory: Array<ItemView>, feats: Array<Feature>, features: Array<Feature>, actions: Array<Action>, 
/**
 * What can be done only so often.
 */
limits: Array<LimitView>, 
/**
 * Each as it is counted: `Exhaustion 2`.
 */
conditions: Array<string>, inspiration: boolean, death_saves: DeathSaves, 
/**
 * By class name.
 */
hit_dice_used: { [key in string]: number }, notes: { [key in string]: string }, campaign: string | null, unknown_fields: Array<string>, 
/**
 * The source's name for a person: `D&D Beyond`.
 */
source: string, };

/**
 * Which version stands on a side.
 */
export type Side = { character: CharacterId, name: string, id: SnapshotId, version: number, captured_at: string, edited_at: string | null, level: number, };

/**
 * A version, shortly.
 */
export type Since = { 
/**
 * Its identity.
 */
id: SnapshotId, 
/**
 * Its number.
 */
version: number, 
/**
 * When it was captured.
 */
captured_at: string, };

/**
 * How well a skill is known.
 */
export type SkillRank = "half" | "proficient" | "expertise";

/**
 * Slots of one level as shown.
 */
export type SlotView = { level: number, max: number, used: number, pact: boolean, };

/**
 * A version's identity everywhere (sync, tags, links): a UUIDv7. Part of the order of the history, after the capture time.
 */
export type SnapshotId = string;

/**
 * What a list of characters may be ordered by.
 */
export type Sort = "changed" | "name" | "level";

/**
 * Asks for another language.
 */
export type Speak = { 
/**
 * The language of sentences from now on.
 */
language: Language, };

/**
 * A spell as shown.
 */
export type SpellView = { key: string, name: string, level: number, source: string, prepared: boolean, always: boolean, };

/**
 * What the character casts spells with.
 */
export type Spellcasting = { 
/**
 * The class it belongs to.
 */
class: string, 
/**
 * The ability it goes by.
 */
ability: Ability, 
/**
 * What is added to a spell attack.
 */
attack: Derived, 
/**
 * What others roll against.
 */
save_dc: Derived, };

/**
 * Something that would stay behind, or did.
 */
export type Stays = { 
/**
 * The character's name, or its id where it has none; none where it is about no character.
 */
name: string | null, 
/**
 * As [`Left::code`].
 */
code: string, 
/**
 * Why, in whole sentences.
 */
message: string, };

/**
 * What a store is and where.
 */
export type StorageInfo = { 
/**
 * The backend's name: `sqlite`, `memory`, …
 */
kind: string, 
/**
 * Where it is, as a person would find it. Never holds a password.
 */
location: string, 
/**
 * Why nothing can be written, where that is so: a whole sentence.
 */
read_only: ReadOnly | null, 
/**
 * What it can do.
 */
capabilities: Capabilities, 
/**
 * Who is asking, in a store that several people share.
 */
principal: Principal | null, };

/**
 * How much there is, the bin included.
 */
export type StorageStatistics = { 
/**
 * Characters.
 */
characters: number, 
/**
 * Versions.
 */
versions: number, 
/**
 * Distinct contents.
 */
contents: number, 
/**
 * Captures: versions and sightings.
 */
captures: number, 
/**
 * Bytes of the distinct documents as they came in.
 */
document_bytes: number, 
/**
 * Bytes they take in the store, encoded.
 */
encoded_bytes: number, 
/**
 * Bytes of the whole store.
 */
store_bytes: number, 
/**
 * The keys that its texts are encrypted under, the current one first; none where they are plain.
 */
keys?: Array<KeyInUse>, };

/**
 * What is asked of a store.
 */
export type StoreOperation = "query" | "facets" | "history" | "search" | "document" | "look" | "begin" | "write" | "commit" | "upkeep";

/**
 * What a last look over everything found.
 */
export type Sweep = { 
/**
 * Files that were read.
 */
files: number, 
/**
 * Bytes that were read.
 */
bytes: number, 
/**
 * How many names, texts, identities and hashes were looked for.
 */
searched: number, 
/**
 * How often one of them was found: 0.
 */
traces: number, };

/**
 * What a switch did.
 */
export type Switched = { 
/**
 * What is open now.
 */
overview: Overview, 
/**
 * Where the library was. It is as it was.
 */
old: MovePlace, 
/**
 * What somebody wrote to the old library at the last moment and could not be taken over.
 */
stays: Array<Stays>, };

/**
 * Asks for names to be given to a version, or taken from it.
 */
export type TagSet = { 
/**
 * An id, or a name where it is the only one.
 */
character: string, 
/**
 * Which version, as everywhere.
 */
version: string, 
/**
 * Names it gets.
 */
add?: Array<string>, 
/**
 * Names it loses.
 */
remove?: Array<string>, };

/**
 * A run of words of a prose difference, in reading order.
 */
export type TextOp = { 
/**
 * Where it stands.
 */
op: TextOpKind, 
/**
 * The words, with the blanks between them.
 */
value: string, };

/**
 * A run of words.
 */
export type TextOpKind = "equal" | "insert" | "delete";

/**
 * Light, dark, or as the system has it.
 */
export type Theme = "system" | "light" | "dark";

/**
 * How one tier of a cache stands. Counts are since the program started; of a server they are this program's, but for what
 * only the server knows.
 */
export type TierStatistics = { 
/**
 * Its kind: `memory`, `redis`.
 */
name: string, 
/**
 * Where it is, where it is elsewhere. Never holds a password.
 */
location: string | null, 
/**
 * How often something was found.
 */
hits: number, 
/**
 * How often nothing was.
 */
misses: number, 
/**
 * How much it holds; none where it does not say now.
 */
entries: number | null, 
/**
 * How many bytes that takes, keys and bookkeeping included as far as they are known.
 */
bytes: number | null, 
/**
 * How many bytes it may take; none where Backstory sets no limit.
 */
max_bytes: number | null, 
/**
 * How many entries left because there was no room. Of a server: all of the server's.
 */
evictions: number, 
/**
 * How many entries left because their time was over. Of a server: all of the server's.
 */
expired: number, 
/**
 * How many entries were not what was set, and were taken away.
 */
damaged: number, 
/**
 * How many calls failed or were too slow.
 */
failures: number, 
/**
 * Whether it is asked.
 */
breaker: Breaker, 
/**
 * What is wrong with it, if anything.
 */
trouble: CacheTrouble | null, 
/**
 * How many deletions it has not confirmed yet. It is not asked before it has.
 */
owed: number, 
/**
 * Half of all `get`s took at most so long: microseconds.
 */
get_p50_us: number, 
/**
 * 99 of 100 `get`s took at most so long: microseconds.
 */
get_p99_us: number, };

/**
 * What a sentence is about: decides its icon and its place in a summary.
 */
export type Topic = "level" | "subclass" | "identity" | "abilities" | "hit_points" | "combat" | "features" | "spells" | "items" | "coins" | "notes" | "experience" | "state" | "baseline" | "loss" | "restored";

/**
 * What stands for a whole log.
 */
export type TreeHead = { 
/**
 * How many entries it has.
 */
size: number, 
/**
 * The end of the chain.
 */
hash: Digest, 
/**
 * The root of the tree.
 */
root: Digest, };

/**
 * A library that is encrypted is to be opened.
 */
export type UnlockGet = { 
/**
 * The passphrase, or the recovery phrase.
 */
words: string, };

/**
 * What a log is worth.
 */
export type Verdict = { 
/**
 * Nothing is wrong.
 */
ok: boolean, 
/**
 * What stands for the log as it is.
 */
log: TreeHead, 
/**
 * What stood for it when it was last seen here; none where it never was.
 */
anchor: TreeHead | null, 
/**
 * How many entries of other logs are kept in it.
 */
taken: number, 
/**
 * What is wrong, the first hundred.
 */
findings: Array<Finding>, };

/**
 * Asks for a check.
 */
export type VerifyGet = { 
/**
 * Also decode every document and compare it with its hash.
 */
read_data: boolean, 
/**
 * First mend what can be mended.
 */
repair: boolean, };

/**
 * What a check found.
 */
export type VerifyReport = { 
/**
 * Nothing is wrong.
 */
ok: boolean, 
/**
 * How much was looked at.
 */
checked: Checked, 
/**
 * What is wrong.
 */
problems: Array<Problem>, 
/**
 * What was wrong and is right now.
 */
repaired: Array<Problem>, };

/**
 * One side of a comparison.
 */
export type VersionRef = { 
/**
 * An id, or a name where it is the only one.
 */
character: string, 
/**
 * A number, an identity, `latest`, `first`, `~N` or a date.
 */
version: string, };

/**
 * Who is looking, where a store is shared: their own characters, and those of others that campaigns share with them.
 */
export type VisibleTo = { 
/**
 * Who.
 */
user: string, 
/**
 * Campaign and owner of what is shared with them.
 */
shared: Array<[string, string]>, };

/**
 * What somebody should know before going on.
 */
export type Warning = { 
/**
 * What about.
 */
code: WarningCode, 
/**
 * Whose history; none: the whole library.
 */
character: CharacterId | null, 
/**
 * How many, or how much.
 */
count: number, };

/**
 * What about a warning.
 */
export type WarningCode = "count_bites" | "count_unreachable" | "size_bites" | "size_unreachable" | "future" | "marked";

/**
 * A folder whose new and changed files are taken in by themselves.
 */
export type WatchedFolder = { 
/**
 * Where it is.
 */
path: string, 
/**
 * Why nothing is taken from it now.
 */
error: WireError | null, 
/**
 * When it was looked into last.
 */
looked_at: string | null, 
/**
 * How many files were taken since the program started.
 */
taken: number, 
/**
 * What became of the latest files, newest first; those that were known already are left out.
 */
files: Array<FileResult>, };

/**
 * What can be done about the library.
 */
export type Ways = { 
/**
 * Where it is, as a person would find it. Never holds a password.
 */
location: string, 
/**
 * Whether it is a file of this computer that can still be read.
 */
read_only: boolean, 
/**
 * Copies of it that Backstory made, newest first.
 */
copies: Array<LibraryCopy>, 
/**
 * Whether it can be put aside, under a name of its own, so that an empty one takes its place.
 */
set_aside: boolean, 
/**
 * Whether the player chose it in the window, so that there is a usual one to go back to.
 */
chosen: boolean, };

/**
 * A failure, in words for people and with a [`Code`] for programs.
 */
export type WireError = { 
/**
 * The stable name.
 */
code: Code, 
/**
 * What happened: one or two whole sentences.
 */
message: string, 
/**
 * What was kept: what stands untouched after the failure.
 */
kept?: string, 
/**
 * What to do next.
 */
hint: string | null, 
/**
 * Whether the same call may succeed later without anything being changed.
 */
retryable: boolean, 
/**
 * Facts for programs and for "Copy details": never personal data.
 */
details?: { [key in string]: JsonValue }, };

/** Every command: what it takes and what it gives. */
export type Commands = {
  "app.overview": [Empty, Overview];
  "app.ready": [Empty, Empty];
  "app.configuration": [Empty, Configuration];
  "app.configure": [ConfigSet, Configuration];
  "app.licences": [Empty, Array<Licence>];
  "app.verify": [VerifyGet, VerifyReport];
  "app.speak": [Speak, Empty];
  "library.ways": [Empty, Ways];
  "library.open": [OpenLibrary, Opened];
  "library.unlock": [UnlockGet, Opened];
  "move.choose": [MoveTo, MoveLook | null];
  "move.rehearse": [MoveStart, Moved];
  "move.start": [MoveStart, Moved];
  "move.switch": [Empty, Switched];
  "move.remove": [Empty, Empty];
  "library.show": [Empty, Empty];
  "preferences.get": [Empty, Preferences];
  "preferences.set": [Preferences, Empty];
  "sample.open": [Empty, Overview];
  "sample.close": [Empty, Overview];
  "characters.list": [QueryFilter, CharacterList];
  "character.get": [CharacterGet, CharacterEntry];
  "character.blame": [BlameGet, Blame];
  "character.progress": [CharacterGet, Growth];
  "version.restore": [VersionRef, HistoryEntry];
  "versions.search": [SearchGet, SearchHits];
  "library.retell": [RetellSet, Retold];
  "character.delete": [CharacterGet, CharacterEntry];
  "character.undelete": [CharacterGet, CharacterEntry];
  "character.history": [HistoryGet, History];
  "character.bursts": [CharacterGet, Bursts];
  "character.sheet": [SheetGet, SheetView];
  "compare.sheets": [CompareGet, Comparison];
  "compare.raw": [RawCompareGet, RawComparison];
  "compare.lines": [RawLinesGet, RawLines];
  "version.pin": [PinSet, HistoryEntry];
  "version.tag": [TagSet, HistoryEntry];
  "version.save": [VersionRef, FileSaved];
  "version.note": [NoteSet, HistoryEntry];
  "consent.list": [Empty, Array<Agreement>];
  "consent.withdraw": [ConsentRef, Array<Agreement>];
  "activity.list": [ActivityGet, Activity];
  "activity.verify": [Empty, Verdict];
  "activity.accept": [Empty, Verdict];
  "activity.save": [ActivitySave, FileSaved];
  "privacy.cuts": [Empty, Cuts];
  "encryption.get": [Empty, Encryption];
  "encryption.phrase": [Empty, Phrase];
  "encryption.start": [EncryptionStart, Encryption];
  "encryption.off": [Empty, Encryption];
  "encryption.resume": [Empty, Encryption];
  "encryption.relock": [RelockSet, Encryption];
  "erase.plan": [EraseGet, ErasePlan];
  "erase.start": [EraseStart, Erased];
  "erase.resumed": [Empty, Erased | null];
  "receipt.save": [SealedReceipt, FileSaved];
  "receipt.check": [ReceiptGet, ReceiptCheck];
  "members.list": [Empty, Array<Member>];
  "members.set": [MemberSet, Array<Member>];
  "store.statistics": [Empty, StorageStatistics];
  "retention.get": [Empty, RetentionView];
  "retention.set": [RetentionSet, RetentionView];
  "retention.preview": [RetentionGet, RetentionPreview];
  "retention.plan": [RetentionGet, RetentionPlan];
  "retention.apply": [RetentionApply, RetentionDone];
  "retention.outlook": [CharacterGet, Array<OutlookEntry>];
  "archive.plan": [ArchiveGet, ArchivePlan];
  "archive.start": [ArchiveGet, ArchiveReport];
  "anonymise.plan": [CharacterGet, AnonymisePlan];
  "anonymise.start": [CharacterGet, Anonymised];
  "store.cache": [Empty, CacheStatistics];
  "store.recompress": [Encoding, Recompressed];
  "jobs.list": [Empty, Jobs];
  "jobs.run": [JobRef, JobRun];
  "jobs.set": [JobSet, Jobs];
  "health.get": [HealthGet, Health];
  "health.figures": [Empty, Figures];
  "alerts.list": [Empty, Array<Alert>];
  "alerts.dismiss": [AlertRef, Array<Alert>];
  "store.room": [RoomGet, Room];
  "backup.list": [Empty, BackupList];
  "backup.make": [Empty, Made];
  "backup.drill": [Empty, Drill];
  "backup.restore": [BackupRef, BroughtBack];
  "backup.show": [Empty, Empty];
  "export.start": [ExportStart, Exported];
  "import.choose": [Empty, Selection | null];
  "import.start": [ImportStart, ImportReport];
  "import.text": [ImportText, FileResult];
  "import.link": [ImportLink, ImportReport];
  "watch.list": [Empty, Array<WatchedFolder>];
  "watch.add": [Empty, Array<WatchedFolder>];
  "watch.again": [FolderRef, Array<WatchedFolder>];
  "watch.remove": [FolderRef, Array<WatchedFolder>];
  "job.cancel": [JobCancel, Empty];
};
