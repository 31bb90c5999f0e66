// Jedes Wort des Fensters auf Deutsch. Der Typ hält die Datei vollständig.
import { inGerman } from "./errors.de";
import guide from "../../../docs/guide.de.md?raw";
import privacy from "../../../docs/privacy.de.md?raw";
import type { ActivityEntry, BackupReason, ChangeKind, Section, Sort, StoreOperation, Theme } from "../api";
import type { Catalogue } from "./en";
import { formatNumber as n, formatSigned, plurals } from "./format";

const plural = plurals("de");
const count = (value: number, one: string, other: string) =>
  `${n(value)} ${plural(value) === "one" ? one : other}`;

const THINGS: Record<Section, [string, string]> = {
  abilities: ["Attribut", "Attribute"],
  spells: ["Zauber", "Zauber"],
  inventory: ["Gegenstand", "Gegenstände"],
  features: ["Merkmal", "Merkmale"],
  proficiencies: ["Übung", "Übungen"],
  notes: ["Notiz", "Notizen"],
  identity: ["Angabe", "Angaben"],
  combat: ["Kampfwert", "Kampfwerte"],
  currency: ["Münzsorte", "Münzsorten"],
  state: ["Zustand", "Zustände"],
};

/** What a kind of store is called. Names of programs are the same in every language. */
const STORES: Record<string, string> = {
  sqlite: "SQLite",
  folder: "Ordner",
  postgres: "PostgreSQL",
  objects: "Objektspeicher",
  memory: "Arbeitsspeicher",
};

const BACKUP_REASONS: Record<BackupReason, string> = {
  asked: "Du wolltest sie",
  scheduled: "Nach Plan",
  before_migration: "Vor einem Umzug",
  before_key_change: "Bevor der Schlüssel gewechselt wurde",
  after_key_change: "Nachdem der Schlüssel gewechselt wurde",
  before_erase: "Bevor etwas endgültig gelöscht wurde",
  after_erase: "Nachdem etwas endgültig gelöscht wurde",
  before_restore: "Bevor eine Sicherung zurückgeholt wurde",
};

/** Arbeit im Hintergrund, nach ihren Namen. */
const JOB_NAMES: Record<string, string> = {
  backup: "Eine Sicherung anlegen",
  drill: "Die neueste Sicherung ausprobieren",
  restore: "Eine Sicherung zurückholen",
  verify: "Jede Fassung zurücklesen",
  recompress: "Die Bibliothek kleiner machen",
  retell: "Die Vergangenheit neu erzählen",
  retention: "Alte Fassungen ausdünnen",
  archive: "Alte Fassungen archivieren",
  cache: "Den Zwischenspeicher aufräumen",
};

const OPERATIONS: Record<StoreOperation, string> = {
  query: "Figuren auflisten",
  facets: "Klassen und Kampagnen zählen",
  history: "Eine Geschichte zeigen",
  search: "Suchen",
  document: "Ein Dokument öffnen",
  look: "Etwas Kleines nachsehen",
  begin: "Warten, bis geschrieben werden darf",
  write: "Schreiben",
  commit: "Dauerhaft machen",
  upkeep: "Prüfen, zählen, kleiner machen",
};

const KINDS: Record<ChangeKind, string> = {
  added: "hinzugekommen",
  removed: "entfernt",
  changed: "geändert",
  moved: "verschoben",
  same: "gleich",
};

const SECTIONS: Record<Section, string> = {
  identity: "Person",
  abilities: "Attribute",
  combat: "Kampf",
  spells: "Zauber",
  inventory: "Inventar",
  features: "Merkmale",
  proficiencies: "Übungen",
  currency: "Münzen",
  notes: "Notizen",
  state: "Bis zur nächsten Rast",
};

const ACTORS: Record<string, string> = {
  window: "Du",
  command: "Kommandozeile",
  watch: "Beobachteter Ordner",
  rest: "Während du weg warst",
};

/** Eine Sache, die getan wurde, als Satz. */
function tellActivity(entry: ActivityEntry): string {
  const name = entry.character?.name ?? (entry.gone ? "eine Figur, die es nicht mehr gibt" : "");
  const of = (what: string) => entry.counts[what] ?? 0;
  const versions = count(of("versions"), "Fassung", "Fassungen");
  const version = entry.version === undefined ? "" : `, Fassung ${n(entry.version)}`;
  const sentence = entry.sentence === undefined ? "" : `: ${entry.sentence}`;
  switch (entry.action) {
    case "capture":
      return of("versions") > 1
        ? `Gespeichert: ${name}, ${versions}`
        : `Gespeichert: ${name}${version}${sentence}`;
    case "sighting":
      return `Nachgesehen: ${name}, nichts geändert`;
    case "restore":
      return `Wiederhergestellt: ${name}${version}`;
    case "pin":
      return `Für immer behalten: ${name}${version}`;
    case "unpin":
      return `Nicht mehr für immer behalten: ${name}${version}`;
    case "tag":
      return `Benannt: ${name}${version}`;
    case "note":
      return `Notiz geschrieben: ${name}${version}`;
    case "delete":
      return `In den Papierkorb gelegt: ${name}`;
    case "undelete":
      return `Aus dem Papierkorb geholt: ${name}`;
    case "erase":
      return `Endgültig gelöscht: ${name}, ${versions}`;
    case "retention":
      return `Ausgedünnt: ${name}, ${versions}`;
    case "anonymise":
      return `Anonymisiert: ${name}, ${versions}`;
    case "archive":
      return `Zwischen Verlauf und Archiv verschoben: ${name}, ${versions}`;
    case "retell":
      return `Neu erzählt: ${name}, ${versions}`;
    case "recompress":
      return `Neu abgelegt: ${count(of("documents"), "Dokument", "Dokumente")}`;
    case "repair":
      return `Repariert: ${count(of("problems"), "Stelle", "Stellen")}`;
    case "migrate":
      return of("versions") > 0 ? `Übernommen: ${name}, ${versions}` : `Auf den Stand gebracht: ${name}`;
    case "log_taken":
      return `Aus einem anderen Protokoll übernommen: ${count(of("entries"), "Eintrag", "Einträge")}`;
    case "log_refused":
      return "Ein anderes Protokoll nicht übernommen, weil es nicht zusammenpasst";
    case "log_accepted":
      return "Protokoll angenommen, wie es war";
    case "setting":
      return `Einstellung geändert: ${entry.about ?? ""}`;
    case "member":
      return "Geändert, wer in einer Kampagne ist";
    case "key":
      return "Schlüssel der Bibliothek geändert";
    case "agree":
      return `Zugestimmt: ${AGREED[entry.about?.split(" ")[0] ?? ""] ?? entry.about}`;
    case "withdraw":
      return `Zustimmung zurückgenommen: ${AGREED[entry.about?.split(" ")[0] ?? ""] ?? entry.about}`;
    case "export":
      return `Exportiert: ${name}, ${versions}`;
    case "share":
      return `Ohne Persönliches geteilt: ${name}, ${versions}`;
    case "sync":
      return `Abgeglichen: ${name}, ${versions}`;
    case "other":
      return "Etwas, das ein neueres Backstory kennt";
  }
}

const AGREED: Record<string, string> = { ddb: "Figuren von D&D Beyond abrufen" };

const SORTS: Record<Sort, string> = { changed: "Zuletzt geändert", name: "Name", level: "Stufe" };
const THEMES: Record<Theme, string> = { system: "System", light: "Hell", dark: "Dunkel" };

const NOTES: Record<string, string> = {
  backstory: "Hintergrundgeschichte",
  personality: "Persönlichkeit",
  personality_traits: "Wesenszüge",
  ideals: "Ideale",
  bonds: "Bindungen",
  flaws: "Makel",
  appearance: "Aussehen",
  allies: "Verbündete",
  organizations: "Organisationen",
  enemies: "Feinde",
  other: "Weitere Notizen",
};

const SPEEDS: Record<string, string> = {
  walk: "Bewegung",
  fly: "Fliegen",
  swim: "Schwimmen",
  climb: "Klettern",
  burrow: "Graben",
};

/** `weaponMastery2` und `personal_possessions` als Wörter. */
const words = (key: string) => {
  const spaced = key.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, "$1 $2");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

export const de: Catalogue = {
  locale: "de",
  app: "Backstory",
  list: (items) => items.join(", "),
  facts: (items) => items.join("\u00a0· "),
  title: (page) => `${page} – Backstory`,
  loading: "Lädt",
  close: "Schließen",
  tryAgain: "Noch einmal versuchen",
  cancel: "Abbrechen",
  undo: "Rückgängig",

  nav: {
    main: "Hauptbereich",
    library: "Bibliothek",
    characters: "Figuren",
    activity: "Aktivität",
    import: "Import",
    campaigns: "Kampagnen",
    noCampaign: "Keine Kampagne",
    find: "Suchen, springen",
    about: "Tastenkürzel",
    pinned: "Angeheftet",
    yours: "Dein Fenster",
    storage: "Speicher & Zustand",
    privacy: "Daten & Schutz",
    settings: "Einstellungen",
    help: "Hilfe",
    pinHint: "Alt ↑ ↓ verschiebt",
  },
  theme: { label: "Farben", names: THEMES },
  status: {
    label: "Wie es um deine Daten steht",
    nothing: "Noch nichts gespeichert",
    saved: "Auf diesem Rechner gespeichert",
    amount: (characters, versions) =>
      `${count(characters, "Figur", "Figuren")}, ${count(versions, "Fassung", "Fassungen")}`,
    sample: "Beispielfiguren, nichts wird gespeichert",
    readOnly: "Nur zum Lesen geöffnet",
    alert: "Etwas ist nicht in Ordnung",
    unreadable: "Deine Bibliothek ließ sich nicht öffnen",
    importing: (done, total) => `Import, ${n(done)} von ${n(total)} fertig`,
  },
  banner: {
    sample: "Du siehst Beispielfiguren. Nichts davon wird gespeichert.",
    leave: "Zurück zu meinen Figuren",
    readOnly: "Backstory kann deine Figuren zeigen, aber zurzeit nichts speichern.",
    because: {
      asked: "Diese Bibliothek wurde nur zum Lesen geöffnet.",
      newer:
        "Diese Bibliothek stammt von einem neueren Backstory. Mit einem neuen Backstory lässt sie sich wieder ändern.",
      not_allowed: "An ihrem Ort darf Backstory diese Bibliothek lesen, aber nicht ändern.",
      server_refuses: "Der Server der Bibliothek nimmt zurzeit keine Änderungen an.",
      export: "Das ist ein Export. Importiere ihn, um damit weiterzumachen.",
    },
  },
  errors: {
    say: inGerman,
    happened: "Was geschehen ist",
    kept: "Was erhalten blieb",
    todo: "Was zu tun ist",
    copy: "Einzelheiten kopieren",
    copied: "Kopiert",
    keptDefault: "Deine gespeicherten Fassungen sind, wie sie waren.",
    preferences: "Diese Einstellung wurde nicht gespeichert. Sie gilt, bis Backstory geschlossen wird.",
  },

  closed: {
    title: "Deine Bibliothek ließ sich nicht öffnen",
    locked: "Deine Bibliothek ist verschlossen",
    unlock: "Passphrase oder die 24 Wörter des Wiederherstellungssatzes",
    unlockHow: "Was du eingibst, öffnet sie und wird nirgends aufbewahrt.",
    unlockDo: "Öffnen",
    does: {
      again: "Noch einmal",
      read_only: "Öffnen",
      choose: "Wählen …",
      usual: "Öffnen",
      copy: "Zurückgehen",
      empty: "Leer beginnen",
    },
    again: "Noch einmal versuchen",
    againHow:
      "Wenn du das Laufwerk angeschlossen, das andere Programm geschlossen oder behoben hast, was oben steht.",
    readOnly: "Nur zum Lesen öffnen",
    readOnlyHow: "Was noch lesbar ist, wird gezeigt und lässt sich exportieren. Geschrieben wird nichts.",
    copy: (date) => `Zur Kopie vom ${date} zurückgehen`,
    copyHow: (name, size) => `${name}, ${size}. Die jetzige Bibliothek bleibt unter anderem Namen erhalten.`,
    usual: "Die übliche Bibliothek öffnen",
    usualHow: "Die offen war, bevor du eine andere gewählt hast. Die gewählte bleibt, wo sie ist.",
    file: "Eine Bibliothek wählen",
    fileHow:
      "Eine Datei: eine Bibliothek von dir, eine Kopie davon oder ein Export zum Hineinschauen. Sie wird von jetzt an geöffnet.",
    folder: "Den Ordner einer Bibliothek wählen",
    folderHow: "Eine Bibliothek, die ein Ordner aus einfachen Dateien ist. Sie wird von jetzt an geöffnet.",
    empty: "Mit einer leeren Bibliothek beginnen",
    emptyHow: "Die vorhandene bleibt daneben unter anderem Namen erhalten. Gelöscht wird nichts.",
    aside: (place) => `Die Bibliothek, die dort lag, heißt jetzt ${place}.`,
  },

  encryption: {
    title: "Verschlüsselung",
    states: {
      unsupported: "Diese Bibliothek kann Backstory nicht verschlüsseln",
      off: "Nicht verschlüsselt",
      encrypting: "Halb verschlüsselt: es wurde unterbrochen",
      on: "Verschlüsselt",
      renewing: "Schlüssel halb erneuert: es wurde unterbrochen",
      decrypting: "Halb entschlüsselt: es wurde unterbrochen",
    },
    how: {
      unsupported: "Bibliotheken in einer Datei oder einem Ordner dieses Rechners lassen sich verschlüsseln.",
      off: "Wer an die Dateien der Bibliothek kommt, kann sie lesen. Verschlüsselt verraten sie nur, was unten steht.",
      encrypting: "Neues wird schon verschlüsselt. Mach weiter, um den Rest zu verschlüsseln.",
      on: "Der Wiederherstellungssatz öffnet sie.",
      renewing: "Alles lässt sich lesen. Mach weiter, damit die alten Schlüssel nichts mehr öffnen.",
      decrypting: "Alles lässt sich lesen. Mach weiter, um den Rest zu entschlüsseln.",
    },
    opens: {
      keychain: "Der Schlüsselbund dieses Rechners öffnet sie oder dein Wiederherstellungssatz.",
      passphrase: "Deine Passphrase öffnet sie oder dein Wiederherstellungssatz.",
    },
    with: "Womit",
    key: (algorithm, id, characters) =>
      `${algorithm}, Schlüssel ${id}: ${count(characters, "Figur", "Figuren")}, jede mit einem eigenen Schlüssel`,
    clear: "Was lesbar bleibt",
    stays: {
      ids: "Kennungen von Figuren und Fassungen",
      times: "Wann etwas aufgenommen, geändert oder gelöscht wurde",
      counts: "Wie viele Fassungen es gibt und welche etwas änderten",
      levels: "Stufen, nach denen die Liste sortiert wird",
      sizes: "Wie lang Dokumente sind",
      fingerprints:
        "Ein Fingerabdruck jedes Dokuments: wer genau dasselbe hat, kann erkennen, dass es da ist",
      settings: "Wie die Bibliothek eingerichtet ist",
    },
    switchOn: "Verschlüsseln…",
    relock: "Ändern, was sie öffnet…",
    renew: "Neue Schlüssel…",
    switchOff: "Entschlüsseln…",
    resume: "Weitermachen",
    running: "Die Bibliothek wird neu geschrieben",
    switchedOn: "Deine Bibliothek ist verschlüsselt.",
    renewed: "Deine Bibliothek hat neue Schlüssel. Der alte Wiederherstellungssatz öffnet nichts mehr.",
    relocked: "Erledigt. Der Wiederherstellungssatz bleibt derselbe.",
    switchedOff: "Deine Bibliothek ist nicht mehr verschlüsselt.",
    ended: "Das ist jetzt erledigt.",
    titles: {
      on: "Bibliothek verschlüsseln",
      renew: "Neue Schlüssel für deine Bibliothek",
      relock: "Ändern, was deine Bibliothek öffnet",
      off: "Bibliothek entschlüsseln?",
    },
    does: { on: "Verschlüsseln", renew: "Schlüssel erneuern", relock: "Ändern", off: "Entschlüsseln" },
    lead: {
      on: "Namen, Notizen, Gegenstände, Dokumente: alles Persönliche wird auf diesem Rechner verschlüsselt. Backstory arbeitet wie zuvor. Kopien, die es vor Aktualisierungen angelegt hat, und früher angelegte Sicherungen werden gelöscht; beiseitegelegte Bibliotheken und exportierte Dateien bleiben, wie sie sind.",
      renew: "Alles wird unter neuen Schlüsseln neu verschlüsselt, mit einem neuen Wiederherstellungssatz.",
      relock: "Schlüssel und Wiederherstellungssatz bleiben dieselben.",
    },
    offHow:
      "Wer an die Dateien der Bibliothek kommt, kann sie dann lesen. Alle Schlüssel werden gelöscht, der Wiederherstellungssatz mit ihnen.",
    lock: "Was sie öffnet",
    locks: { keychain: "Der Schlüsselbund dieses Rechners", passphrase: "Eine Passphrase" },
    locksHow: {
      keychain: "Nichts einzugeben: er öffnet sie, solange du angemeldet bist.",
      passphrase: "Du gibst sie bei jedem Start von Backstory ein.",
    },
    short: (letters) =>
      `Mindestens ${n(letters)} Buchstaben. Vier Wörter, die nicht zusammengehören, sind gut.`,
    phrase: "Wiederherstellungssatz",
    writeDown: "Schreib diese 24 Wörter auf, auf Papier, in dieser Reihenfolge.",
    writeDownHow:
      "Sie werden einmal gezeigt und nirgends aufbewahrt. Ohne sie ist bei vergessener Passphrase oder auf einem neuen Rechner alles in der Bibliothek verloren.",
    toPhrase: "Wiederherstellungssatz zeigen",
    written: "Ich habe ihn aufgeschrieben",
    rehearse: "Gib diese Wörter von deinem Papier ein.",
    word: (place) => `Wort ${n(place)}`,
    otherWord: (place) => `Wort ${n(place)} ist ein anderes.`,
    lookAgain: "Noch einmal ansehen",
  },

  firstRun: {
    headline: "Jede Fassung jeder Figur",
    lead: "Hol eine Figur einmal herein. Backstory bewahrt dann jede Änderung auf, damit du zurückblicken, vergleichen und sehen kannst, wie sie gewachsen ist.",
    drop: "Lass Dateien von Figuren hier fallen",
    formats: "JSON von D&D Beyond, so viele Dateien du willst",
    choose: "Dateien wählen",
    local: "Alles bleibt auf diesem Rechner. Kein Konto. Nichts wird gesendet.",
    sample: "Mit Beispielfiguren umsehen",
    encrypt: "Deine Bibliothek verschlüsseln…",
  },

  library: {
    title: "Figuren",
    summary: (characters, versions) => `${n(characters)}, mit ${count(versions, "Fassung", "Fassungen")}`,
    hidden: (shown, hidden) => `${n(shown)} gezeigt, ${n(hidden)} durch Filter verborgen`,
    search: "Figuren filtern",
    placeholder: "Name, Klasse, Kampagne…",
    clear: "Suche leeren",
    sort: "Reihenfolge",
    sorts: SORTS,
    layout: "Ansicht",
    grid: "Karten",
    rows: "Liste",
    class: "Klasse",
    level: "Stufe",
    campaign: "Kampagne",
    noCampaign: "Keine Kampagne",
    levelRange: (min, max) => {
      if (min !== null && max !== null) return min === max ? `Stufe ${min}` : `Stufe ${min} bis ${max}`;
      return min !== null ? `Ab Stufe ${min}` : `Bis Stufe ${max}`;
    },
    classes: (names) => (names.length > 2 ? `${names.length} Klassen` : names.join(", ")),
    anyCampaign: "Alle Kampagnen",
    changed: "Geändert",
    changedWithin: {
      any: "Irgendwann",
      week: "In den letzten 7 Tagen",
      month: "In den letzten 30 Tagen",
      quarter: "In den letzten 90 Tagen",
      before: "Vor mehr als 90 Tagen",
    },
    pin: (name) => `${name} anheften`,
    unpin: (name) => `${name} lösen`,
    pinned: (name) => `${name} angeheftet`,
    unpinned: (name) => `${name} gelöst`,
    remove: (what) => `Filter entfernen: ${what}`,
    showAll: "Alle zeigen",
    noMatch: (text) => (text ? `Keine Figur passt zu „${text}“` : "Keine Figur passt zu diesen Filtern"),
    noMatchHint: (all) => `${count(all, "Figur ist", "Figuren sind")} verborgen.`,
    growth: (from, to, changes) =>
      `${from === to ? `Stufe ${to}` : `Stufe ${from} bis ${to}`}, ${count(changes, "Änderung", "Änderungen")}`,
    columns: {
      name: "Name",
      class: "Klasse und Stufe",
      campaign: "Kampagne",
      growth: "Werdegang",
      last: "Letzte Änderung",
      when: "Wann",
      versions: "Fassungen",
    },
    firstSaved: "Zuerst gespeichert",
    label: (total) => count(total, "Figur", "Figuren"),
  },

  character: {
    views: "Ansichten der Figur",
    history: "Geschichte",
    compare: "Vergleichen",
    progress: "Werdegang",
    show: (view) => `${view} zeigen`,
    more: "Mehr zu dieser Figur",
    back: "Zurück zu den Figuren",
    classes: (classes) => classes.map((c) => `${c.name} ${c.level}`).join(" / "),
    classesLong: (classes) =>
      classes.map((c) => `${c.name} ${c.level}${c.subclass ? ` (${c.subclass})` : ""}`).join(" / "),
  },

  ribbon: {
    label: "Fassung",
    labelA: "Fassung A, die alte Seite",
    labelB: "Fassung B, die neue Seite",
    value: (version, what, when) => `Fassung ${n(version)}, ${what}, ${when}`,
    gap: (days) => count(days, "Tag", "Tage"),
    quiet: "still",
    loading: "Die Geschichte lädt",
  },

  timeline: {
    label: "Zeitleiste",
    grid: "Fassungen, die neueste zuerst",
    find: "Eine Änderung finden",
    findLabel: "In dieser Geschichte suchen",
    olderLandmark: "Voriger Meilenstein",
    newerLandmark: "Nächster Meilenstein",
    newest: "Neueste Fassung",
    oldest: "Älteste Fassung",
    found: (matches) => n(matches),
    landmarks: "Meilensteine",
    quiet: "Auch Prüfungen zeigen, bei denen sich nichts geändert hat",
    noMatch: (text) => `Keine Änderung passt zu „${text}“`,
    noMatchLandmarks: "Kein Meilenstein passt",
    clear: "Alle zeigen",
    checks: (checks) => `${count(checks, "Prüfung", "Prüfungen")}, nichts geändert`,
    checksRest: (checks) => `${count(checks, "Prüfung", "Prüfungen")}, nur was eine Rast zurücksetzt`,
    until: (date) => `bis ${date}`,
    level: (from, to) => (from === to ? "" : `insgesamt Stufe ${from} → ${to}`),
    quietVersion: "Von der Quelle umformuliert",
    stateVersion: (differences) => `${count(differences, "Wert", "Werte")}, die eine Rast zurücksetzt`,
    kept: "Für immer behalten",
    loss: "Vieles ist weg",
    landmark: "Meilenstein",
    first: "Zuerst gespeichert",
  },

  progress: {
    level: "Stufe",
    spells: "Bekannte Zauber",
    items: "Sorten von Gegenständen",
    gold: "Münzen, in Gold",
    gp: (value) => `${n(value)} GM`,
    experience: "Erfahrung",
    version: "Fassung",
    axis: "Zeitachse",
    byChange: "Nach Änderung",
    byDate: "Nach Datum",
    showByChange: "Werdegang nach Änderung",
    showByDate: "Werdegang nach Datum",
    showAs: "Zeigen als",
    chart: "Diagramm",
    table: "Tabelle",
    showChart: "Werdegang als Diagramm zeigen",
    showTable: "Werdegang als Tabelle zeigen",
    since: (by) => `${formatSigned(by)} seit der ersten Fassung`,
    story: (name, days, [from, to], points, spells) => {
      const did = [
        from === to ? `blieb auf Stufe ${n(to)}` : `kam von Stufe ${n(from)} auf ${n(to)}`,
        points > 0 ? `gewann ${count(points, "Trefferpunkt", "Trefferpunkte")}` : "",
        points < 0 ? `verlor ${count(-points, "Trefferpunkt", "Trefferpunkte")}` : "",
        spells > 0 ? `lernte ${count(spells, "Zauber", "Zauber")}` : "",
        spells < 0 ? `vergaß ${count(-spells, "Zauber", "Zauber")}` : "",
      ].filter(Boolean);
      const all = did.length > 1 ? `${did.slice(0, -1).join(", ")} und ${did.at(-1)}` : did[0];
      return days > 0 ? `${name} ${all}, in ${count(days, "Tag", "Tagen")}.` : `${name} ${all}.`;
    },
    lane: (name, from, to, steps, { low, high }) =>
      steps === 0
        ? `${name}: ${to}, nie geändert`
        : `${name}: von ${from} zu ${to} in ${count(steps, "Schritt", "Schritten")}, am niedrigsten ${low}, am höchsten ${high}`,
    never: (names) => `Nie geändert: ${names.join(", ")}.`,
    named: (name, value) => `${name} ${value}`,
    unfold: "Als Bahnen zeigen",
    fold: "Zuklappen",
  },

  explain: {
    sum: "Zusammen",
    since: (version, date) => `Seit Fassung ${n(version)}, ${date}`,
    go: (version) => `Zu Fassung ${n(version)}`,
    unknown: "Backstory weiß nicht, seit wann.",
  },

  keeping: {
    menu: "Mehr zu dieser Fassung",
    captured: "Gespeichert",
    edited: "Bearbeitet",
    seen: "Gesehen",
    seenTimes: (checks) => count(checks, "Mal", "Mal"),
    origin: "Woher",
    size: "Größe",
    notSaid: "nicht bekannt",
    name: "Name…",
    note: "Notiz…",
    keep: "Für immer behalten",
    release: "Nicht mehr festhalten",
    restore: "Zu dieser Fassung zurückkehren",
    isNow: "So ist die Figur jetzt",
    save: "Als Datei speichern…",
    compare: "Mit der Fassung davor vergleichen",
    compareWith: "Vergleichen mit…",
    readOnly: "Die Bibliothek ist nur zum Lesen geöffnet",
    kept: (version) => `Fassung ${n(version)} wird für immer behalten.`,
    released: (version) => `Fassung ${n(version)} wird nicht mehr für immer behalten.`,
    described: (version) => `Deine Worte zu Fassung ${n(version)} sind gespeichert.`,
    restored: (version, now) =>
      `Fassung ${n(version)} ist wieder die neueste, als Fassung ${n(now)}. Alles andere bleibt in der Geschichte.`,
    saved: (version, name) => `Fassung ${n(version)} ist als ${name} gespeichert.`,
    binned: (name) => `${name} liegt im Papierkorb, mit jeder Fassung.`,
    words: (version) => `Fassung ${n(version)}`,
    names: "Name",
    namesHint: "Mehrere Namen werden durch Kommas getrennt.",
    noteLabel: "Notiz",
    noteHint: "Strg Enter speichert.",
    saveWords: "Speichern",
    bin: "In den Papierkorb legen",
  },

  sheet: {
    always: "immer vorbereitet",
    spellSave: "Zauberrettungswurf",
    casting: (name, ability) => `${name}, ${ability}`,
    saveDc: (name) => `SG der Zauber, ${name}`,
    dc: (value) => `SG ${n(value)}`,
    spellAttack: (name) => `Zauberangriff, ${name}`,
    attack: (value) => `Angriff ${formatSigned(value)}`,
    passive: (skill) => `Passiv: ${skill}`,
    sensesAndDefenses: "Sinne & Abwehr",
    senses: "Sinne",
    sense: (sense, feet) => `${words(sense)} ${n(feet)} Fuß`,
    movement: "Fortbewegung",
    size: "Größe",
    resistances: "Resistent",
    immunities: "Immun",
    vulnerabilities: "Verwundbar",
    actions: "Aktionen",
    takes: (takes) => (takes ? words(takes) : "Sonstige"),
    uses: "Begrenzt nutzbar",
    left: ({ max, used }) => `${n(max - used)} von ${n(max)} übrig`,
    resets: (by) => `zurück nach: ${by}`,
    deathSaves: (successes, failures) =>
      `Todesrettungswürfe: ${count(successes, "Erfolg", "Erfolge")}, ${count(failures, "Fehlschlag", "Fehlschläge")}`,
    hitDice: (name, used) => `${name}: ${count(used, "Trefferwürfel", "Trefferwürfel")} verbraucht`,
    rules: (rules) => (rules === "mixed" ? "Regeln von 2014 und 2024" : `Regeln von ${rules}`),
    label: (name, version) => `${name} in Fassung ${n(version)}`,
    older: "Ältere Fassung",
    newer: "Neuere Fassung",
    version: (version, of) => `Fassung ${n(version)} von ${n(of)}`,
    compare: "Vergleichen",
    changes: "Was sich in dieser Fassung geändert hat",
    unchanged: "In dieser Fassung hat sich nichts geändert, was man beim Spielen bemerkt.",
    firstVersion: "Die erste Fassung. Spätere zeigen hier, was sich geändert hat.",
    saved: (when) => `Gespeichert ${when}`,
    was: (value) => `war ${value}`,
    change: (from, to) => `${from} → ${to}`,
    abilities: { str: "Stä", dex: "Ges", con: "Kon", int: "Int", wis: "Wei", cha: "Cha" },
    abilityNames: {
      str: "Stärke",
      dex: "Geschicklichkeit",
      con: "Konstitution",
      int: "Intelligenz",
      wis: "Weisheit",
      cha: "Charisma",
    },
    hitPoints: "Trefferpunkte",
    temporary: (value) => `+${n(value)} temporär`,
    armorClass: "Rüstungsklasse",
    initiative: "Initiative",
    speed: (kind) => SPEEDS[kind] ?? words(kind),
    feet: (value) => `${n(value)} Fuß`,
    proficiency: "Übungsbonus",
    savesAndSkills: "Rettungswürfe & Fertigkeiten",
    save: (ability) => `Rettungswurf ${ability}`,
    ranks: { half: "halb geübt", proficient: "geübt", expertise: "Expertise" },
    noSaves: "Keine geübten Rettungswürfe oder Fertigkeiten.",
    spells: "Zauber",
    spellCount: (known, prepared) =>
      prepared > 0 ? `${n(known)} bekannt, ${n(prepared)} vorbereitet` : `${n(known)} bekannt`,
    spellLevel: (level) => (level === 0 ? "Zaubertrick" : `${level}.`),
    spellGroup: (level) => (level === 0 ? "Zaubertrick" : `${level}. Grad`),
    slots: (slots) =>
      `${count(slots.max, slots.pact ? "Paktplatz" : "Platz", slots.pact ? "Paktplätze" : "Plätze")}${slots.used > 0 ? `, ${n(slots.used)} verbraucht` : ""}`,
    inventory: "Inventar",
    kinds: (kinds) => count(kinds, "Sorte", "Sorten"),
    coins: (coins) =>
      (
        [
          ["pp", "PM"],
          ["gp", "GM"],
          ["ep", "EM"],
          ["sp", "SM"],
          ["cp", "KM"],
        ] as const
      )
        .filter(([coin]) => coins[coin] !== 0)
        .map(([coin, short]) => `${n(coins[coin])} ${short}`)
        .join(", "),
    noCoins: "keine Münzen",
    item: (name, quantity) => (quantity === 1 ? name : `${n(quantity)} × ${name}`),
    attuned: "eingestimmt",
    equipped: "ausgerüstet",
    features: "Merkmale",
    proficiencies: "Übungen",
    proficiencyKinds: { armor: "Rüstung", weapons: "Waffen", tools: "Werkzeuge", languages: "Sprachen" },
    notes: "Notizen",
    note: (key) => NOTES[key] ?? words(key),
    showAll: (more) => `und ${n(more)} weitere`,
    showLess: "weniger zeigen",
    inspiration: "Heldeninspiration",
    experience: (xp) => `${n(xp)} EP`,
    other: "Sonstiges",
    unknown: (source) =>
      `Felder von ${source}, die Backstory noch nicht kennt. Sie sind gespeichert und im JSON zu sehen.`,
  },

  compare: {
    as: "Vergleichen als",
    sheet: "Bogen",
    raw: "JSON",
    onlyChanges: "Nur Änderungen",
    asRaw: "Als JSON vergleichen",
    asSheet: "Als Bögen vergleichen",
    nextChange: "Nächste Änderung",
    previousChange: "Vorige Änderung",
    state: "Auch, was eine Rast zurücksetzt",
    sections: "Abschnitte",
    keys: "Schlüssel",
    section: SECTIONS,
    kinds: KINDS,
    differences: "Unterschiede",
    rawDifferences: "Unterschiede im JSON",
    position: (index, total) =>
      index < 0 ? count(total, "Änderung", "Änderungen") : `Änderung ${n(index + 1)} von ${n(total)}`,
    previous: "Vorige Änderung (P)",
    next: "Nächste Änderung (N)",
    swap: "A und B tauschen (X)",
    doSwap: "A und B tauschen",
    with: "Mit einer anderen Fassung vergleichen…",
    copy: "Als Markdown kopieren",
    copied: "Als Markdown kopiert.",
    notCopied: "Das System ließ Backstory dies nicht kopieren.",
    version: (version) => `F${n(version)}`,
    pickVersion: (side) => `Fassung für ${side}`,
    findVersion: "Eine Fassung oder ein Datum finden",
    otherCharacter: "Eine andere Figur…",
    allVersions: "Fassungen",
    noVersion: "Keine Fassung passt",
    kindColumn: "Art der Änderung",
    fieldColumn: "Feld",
    same: (names, more) => `${n(names.length)} gleich: ${names.slice(0, 3).join(", ")}${more ? "…" : ""}`,
    counts: (added, removed, changed) =>
      [
        added > 0 ? `${n(added)} hinzugekommen` : "",
        removed > 0 ? `${n(removed)} entfernt` : "",
        changed > 0 ? `${n(changed)} geändert` : "",
      ]
        .filter(Boolean)
        .join(", "),
    missing: {
      identity: "Keine",
      abilities: "Keine",
      combat: "Keine",
      spells: "Nicht bekannt",
      inventory: "Nicht dabei",
      features: "Nicht erworben",
      proficiencies: "Nicht geübt",
      currency: "Keine",
      notes: "Nichts geschrieben",
      state: "Keine",
    },
    thing: (section, amount) => {
      const [one, other] = THINGS[section];
      return plural(amount) === "one" ? one : other;
    },
    truth: (value, attribute) => {
      const word = attribute.replaceAll("_", " ");
      return value ? word : `nicht ${word}`;
    },
    yes: "ja",
    no: "nein",
    attribute: (attribute) => words(attribute),
    elided: "…",
    inserted: "eingefügt",
    deleted: "gelöscht",
    identical: "Diese beiden Fassungen sind gleich",
    identicalSame: "Beide Seiten zeigen dieselbe Fassung. Wähle für A oder B eine andere.",
    identicalNoise: "Nur die Buchführung der Quelle unterscheidet sich.",
    identicalState: (count) => `Nur was eine Rast zurücksetzt, unterscheidet sich: ${n(count)} Werte.`,
    seeRaw: "Im JSON ansehen",
    showState: "Zeigen",
    noise: (amount) =>
      `${count(amount, "Unterschied", "Unterschiede")} in den Texten und Nummern der Quelle, die beim Spielen niemand sieht.`,
    moreRows: (more) => `${n(more)} weitere Zeilen zeigen`,
    findKey: "Einen Schlüssel finden",
    noKey: "Kein Schlüssel passt",
    allKeys: "Kein Schlüssel unterscheidet sich",
    linesSame: (lines) => `${count(lines, "Zeile", "Zeilen")} gleich`,
    rawTable: "JSON nebeneinander",
  },

  export: {
    title: (name) => `${name} exportieren`,
    titleAll: "Alles exportieren",
    titleShare: (name) => `${name} teilen`,
    action: "Exportieren …",
    share: "Teilen …",
    actionAll: "Alles exportieren …",
    form: "Als",
    forms: { backstory: "Backstory-Datei", markdown: "Chronik", csv: "Tabelle", json: "JSON" },
    formsHow: {
      backstory:
        "Alles: zum Aufheben, für einen anderen Rechner, oder zum Lesen ohne Backstory, denn es ist ein Zip aus einfachem Text.",
      markdown: "Was geschah, Tag für Tag, als Markdown-Text.",
      csv: "Stufe, Trefferpunkte, Gold und der Rest, Fassung für Fassung, für eine Tabellenkalkulation.",
      json: "Alles in einem Dokument, für andere Programme.",
    },
    redact: "Persönliches weglassen",
    redactHow:
      "Um es anderen zu zeigen: ohne dein Konto, deine Notizen und Charakterzüge, deine Gruppe und die Namen, die du Fassungen gabst. Der Name der Figur bleibt.",
    lock: "Mit einem Kennwort verschließen",
    lockHow: "Mit age verschlüsselt. Backstory öffnet es, und das freie Programm dieses Namens auch.",
    words: "Kennwort",
    again: "Dasselbe noch einmal",
    differ: "Die beiden sind nicht gleich.",
    missing: "Bitte zweimal dasselbe Kennwort eingeben.",
    lost: "Ohne das Kennwort kann niemand die Datei öffnen, und niemand kann es zurückholen.",
    start: "Ort wählen …",
    progress: "Wird exportiert",
    versions: (done, total) => `${n(done)} von ${count(total, "Fassung", "Fassungen")}`,
    made: (file, characters, versions, size) =>
      `${file} gespeichert: ${count(characters, "Figur", "Figuren")}, ${count(versions, "Fassung", "Fassungen")}, ${size}.`,
    stopped: "Angehalten. Es wurde keine Datei angelegt.",
  },

  import: {
    passphrase: "Kennwort",
    unlock: "Öffnen",
    title: "Import",
    drop: "Lass Dateien von Figuren hier fallen",
    formats:
      "JSON von D&D Beyond oder Actors von Foundry VTT: eine Datei, viele oder ein Ordner. Nichts wird doppelt gespeichert.",
    ways: "Wege des Imports",
    tabs: { files: "Dateien", paste: "Einfügen", link: "Link", folders: "Beobachtete Ordner" },
    preview: (files) => `${count(files, "Datei", "Dateien")} angesehen, noch nichts gespeichert`,
    would: (added, versions, same, failed) =>
      [
        added > 0 ? count(added, "neue Figur", "neue Figuren") : "",
        versions > 0 ? count(versions, "neue Fassung", "neue Fassungen") : "",
        same > 0 ? `${n(same)} unverändert` : "",
        failed > 0 ? `${n(failed)} nicht zu importieren` : "",
      ]
        .filter(Boolean)
        .join(", "),
    wouldBeSame: (version, name) => `Wie Fassung ${n(version)} von ${name}. Es würde als Prüfung gezählt.`,
    wouldBeQuiet: "Nichts geändert, was man beim Spielen bemerkt.",
    confirm: (files) => `${count(files, "Datei", "Dateien")} importieren`,
    confirmCharacters: (characters) => `${count(characters, "Figur", "Figuren")} importieren`,
    discard: "Verwerfen",
    waiting: (time) => `D&D Beyond wird höchstens alle 30 Sekunden gefragt. Um ${time} geht es weiter.`,
    pasted: "Eingefügter Text",
    pasteLabel: "Eine Figur einfügen",
    pasteHow:
      "Das JSON einer Figur, wie D&D Beyond oder Foundry VTT es gibt. Außerhalb dieses Feldes tut Strg V überall im Fenster dasselbe.",
    look: "Ansehen",
    unknownPaste: "Was eingefügt wurde, ist weder das JSON einer Figur noch ein Link zu einer.",
    linkLabel: "Link zu einer Figur auf D&D Beyond",
    linkHow:
      "Die Adresse der Seite der Figur oder die Nummer darin. Die Figur muss dort öffentlich sein. Was abgerufen wird, wird gleich gespeichert.",
    fetch: "Abrufen",
    consentTitle: "D&D Beyond über das Internet fragen?",
    consent: [
      "Der Server von D&D Beyond wird nach den Figuren gefragt, die du nennst, nur wenn du es sagst und höchstens alle 30 Sekunden.",
      "Er erfährt ihre Nummern, deine Netzadresse und den Namen dieses Programms. Eine Sitzung, die du Backstory gegeben hast, wird für private Figuren benutzt.",
      "D&D Beyond beschreibt diesen Weg nirgends: Er kann jederzeit enden, und ob die Bedingungen ihn dir erlauben, entscheidest du.",
      "Sonst wird nichts irgendwohin gesendet. Deine Antwort wird aufbewahrt, damit du nur einmal gefragt wirst.",
    ],
    agree: "Zustimmen und abrufen",
    decline: "Jetzt nicht",
    alsoWatching: (folders, taken) =>
      `${folders === 1 ? "Ein Ordner wird" : `${n(folders)} Ordner werden`} beobachtet: ${taken === 0 ? "seit dem Start nichts Neues" : `seit dem Start ${count(taken, "Datei", "Dateien")} übernommen`}.`,
    showFolders: "Zeigen",
    folders: {
      headline: "Ordner, die Backstory beobachtet",
      how: "Neue und geänderte Dateien von Figuren darin kommen von selbst herein, solange Backstory offen ist.",
      add: "Ordner hinzufügen",
      remove: "Nicht mehr beobachten",
      removed: (folder) => `${folder} wird nicht mehr beobachtet.`,
      stands: (taken, time) =>
        `${taken === 0 ? "Seit dem Start nichts Neues" : `Seit dem Start ${count(taken, "Datei", "Dateien")} übernommen`}${time ? `. Zuletzt angesehen um ${time}.` : "."}`,
      latest: "Neueste Dateien",
      none: "Kein Ordner wird beobachtet.",
    },
    choose: "Dateien wählen",
    files: (files) => count(files, "Datei", "Dateien"),
    stop: "Anhalten",
    stopping: "Hält an",
    progress: "Fortschritt des Imports",
    results: "Dateien",
    totals: (saved, same, failed, reading) =>
      [
        saved > 0 ? `${n(saved)} gespeichert` : "",
        same > 0 ? `${n(same)} schon da` : "",
        failed > 0 ? `${n(failed)} nicht importiert` : "",
        reading ? "1 wird gelesen" : "",
      ]
        .filter(Boolean)
        .join(", "),
    stopped: (done) =>
      `Angehalten. Was bis dahin gelesen war, ist gespeichert: ${count(done, "Datei", "Dateien")}.`,
    reading: "Wird gelesen",
    notImported: "Nicht importiert",
    newCharacter: (name) => `Neue Figur, ${name}`,
    newVersion: (name) => `Neue Fassung von ${name}`,
    quiet: "Gespeichert. Nichts geändert, was man beim Spielen bemerkt.",
    identical: (version, name) =>
      `Wie Fassung ${n(version)} von ${name}. Als Prüfung gezählt, nichts gespeichert.`,
    identicalShort: "Unverändert",
    badgeNew: "Neu",
    badgeQuiet: "Keine Änderung",
    changes: (changes) => count(changes, "Änderung", "Änderungen"),
    fileUntouched: "Die Datei selbst wurde nicht angerührt.",
    dropHover: (files) => `Loslassen, um ${count(files, "Datei", "Dateien")} zu importieren`,
    finished: (saved, failed) =>
      failed > 0
        ? `Import fertig: ${n(saved)} gespeichert, ${n(failed)} nicht importiert`
        : `Import fertig: ${n(saved)} gespeichert`,
    show: "Zeigen",
    nothingYet: "Hier steht jede Datei, die du importierst, und was aus ihr wurde.",
    sample:
      "Beispielfiguren sind offen, deshalb kann nichts importiert werden. Geh zuerst zurück zu deinen Figuren.",
    readOnly: "Solange die Bibliothek nur zum Lesen geöffnet ist, kann nichts importiert werden.",
  },

  palette: {
    label: "Suchen oder einen Befehl ausführen",
    notifyOn: "Bescheid sagen, wenn ein beobachteter Ordner etwas bringt",
    notifyOff: "Keine Nachrichten über beobachtete Ordner",
    stayOn: "Im Infobereich bleiben, wenn das Fenster geschlossen wird",
    stayOff: "Mit dem Fenster enden",
    results: "Ergebnisse",
    characters: "Figuren",
    commands: "Tun",
    none: "Nichts passt",
    move: "bewegen",
    open: "öffnen",
    commandsOnly: "nur Befehle",
    goCharacters: "Zu den Figuren",
    goActivity: "Zur Aktivität",
    goImport: "Zum Import",
    goSettings: "Zu den Einstellungen",
    goStorage: "Zu Speicher und Zustand",
    goPrivacy: "Zu Daten und Schutz",
    goHelp: "Die Anleitung lesen",
    addFolder: "Einen Ordner beobachten",
    importBy: (way) => `Import: ${way}`,
    showLibrary: "Den Ordner der Bibliothek öffnen",
    chooseFiles: "Dateien zum Importieren wählen",
    grid: "Figuren als Karten zeigen",
    rows: "Figuren als Liste zeigen",
    theme: (name) => `Farben: ${name}`,
    shortcuts: "Alle Tastenkürzel",
    sample: "Mit Beispielfiguren umsehen",
    leaveSample: "Zurück zu meinen Figuren",
  },

  shortcuts: {
    title: "Tastenkürzel",
    groups: {
      everywhere: "Überall",
      library: "Figuren",
      history: "Geschichte",
      progress: "Werdegang",
      compare: "Vergleichen",
    },
    axis: "Nach Änderung oder nach Datum",
    search: "Suchen oder ausführen",
    choose: "Dateien zum Importieren wählen",
    goBack: "Zurück",
    regions: "Nächster oder voriger Teil des Fensters",
    pasteAnywhere: "Eine Figur oder einen Link einfügen",
    pinnedOne: "Angeheftete Figur",
    togglePin: "Anheften oder lösen",
    guide: "Die Anleitung",
    all: "Diese Liste",
    find: "In dieser Ansicht suchen",
    move: "Bewegen",
    open: "Öffnen",
    through: "Durch die Geschichte gehen",
    fold: "Auf- oder zuklappen",
    newest: "Neueste, älteste",
    landmark: "Voriger oder nächster Meilenstein, auf dem Band",
    withBefore: "Mit der Fassung davor vergleichen",
    nextPrevious: "Nächste, vorige Änderung",
    swap: "A und B tauschen",
    only: "Nur Änderungen an oder aus",
    raw: "Bogen oder JSON",
    leave: "Schließen, oder eine Ebene hinauf",
    along: "Ältere oder neuere Fassung; auf einer Bahn: wo sie sich änderte",
    table: "Diagramm oder Tabelle",
    withAny: "Mit irgendeiner Fassung vergleichen",
    words: "Name oder Notiz der Fassung",
    keep: "Für immer behalten oder nicht mehr",
    match: "Nächster oder voriger Treffer, solange gesucht wird",
    views: "Geschichte, Vergleich, Werdegang",
    undo: "Das Letzte rückgängig machen",
  },

  settings: {
    title: "Einstellungen",
    find: "Einstellung finden",
    clear: "Alle Einstellungen zeigen",
    notFound: "So heißt keine Einstellung.",
    sections: "Gruppen von Einstellungen",
    groups: {
      appearance: "Aussehen",
      history: "Geschichte",
      sources: "Quellen",
      storage: "Speicher",
      backups: "Sicherungen",
      cache: "Zwischenspeicher",
      alerts: "Warnungen",
      privacy: "Privatsphäre",
      keyboard: "Tastatur",
      about: "Über",
    },
    none: "Keine",
    nowhere: { "backup.folder": "Neben der Bibliothek", "metrics.listen": "Nirgends" },
    saidBy: (origin) => `Das sagt ${origin} und geht dem hier Eingestellten vor.`,
    nextStart: "Gilt ab dem nächsten Start.",
    reset: (name) => `Zurück zur Voreinstellung: ${name}`,
    changed: (name) => `Geändert: ${name}`,
    choices: { none: "Nichts", memory: "Arbeitsspeicher", redis: "Redis", tiered: "Beides" },
    switches: { "privacy.minimise": "Herausschneiden", "alerts.notify": "Sag mir Bescheid" },
    keys: {
      "privacy.minimise": "Daten anderer",
      "backup.folder": "Ordner der Sicherungen",
      "backup.daily": "Tägliche Sicherungen",
      "backup.weekly": "Wöchentliche Sicherungen",
      "backup.monthly": "Monatliche Sicherungen",
      "cache.backend": "Gelesenes liegt griffbereit in",
      "cache.memory.max_memory_mb": "Arbeitsspeicher dafür, in Megabyte",
      "cache.memory.max_size": "Einträge im Arbeitsspeicher",
      "cache.redis.redis_url": "Adresse des Redis",
      "alerts.notify": "Warnungen als Nachrichten des Systems",
      "alerts.disk_percent": "Platz auf der Platte, in Prozent",
      "alerts.silent_days": "Beobachtete Ordner, in Tagen",
      "alerts.slow_ms": "Langsam, in Millisekunden",
      "alerts.error_percent": "Fehlschläge, in Prozent",
      "alerts.hit_percent": "Treffer des Zwischenspeichers, in Prozent",
      "alerts.memory_limit_mb": "Grenze des Arbeitsspeichers, in Megabyte",
      "alerts.memory_percent": "Arbeitsspeicher, in Prozent der Grenze",
      "alerts.denied": "Verweigert in zehn Minuten",
      "metrics.listen": "Messwerte bereitstellen",
    },
    keysHow: {
      "privacy.minimise":
        "Zeilen anderer Spieler und den Namen der Spielleitung aus Dokumenten schneiden, bevor sie aufgehoben werden.",
      "backup.folder": "Die jeder Bibliothek bekommen darin einen eigenen Ordner.",
      "backup.daily": "Von so vielen Tagen bleibt die letzte Sicherung.",
      "backup.weekly": "Von so vielen Wochen bleibt die letzte Sicherung.",
      "backup.monthly": "Von so vielen Monaten bleibt die letzte Sicherung.",
      "cache.backend": "Nichts hängt davon ab. Redis ist ein Server, den sich mehrere Programme teilen.",
      "cache.memory.max_memory_mb": "Höchstens so viel.",
      "cache.memory.max_size": "Höchstens so viele Dokumente.",
      "cache.redis.redis_url":
        "Was gesetzt ist, wird nicht gezeigt. Ein Passwort steht am sichersten in einer Variable: ${REDIS_URL}.",
      "alerts.notify": "Während du woanders hinsiehst.",
      "alerts.disk_percent": "Meldet sich, wenn weniger frei ist.",
      "alerts.silent_days": "Meldet sich, wenn ein Ordner so lange nichts gebracht hat.",
      "alerts.slow_ms": "Meldet sich, wenn etwas länger dauert, worauf du wartest.",
      "alerts.error_percent": "Meldet sich, wenn mehr Antworten der Bibliothek fehlschlagen.",
      "alerts.hit_percent": "Meldet sich, wenn ein warmer Zwischenspeicher weniger hat.",
      "alerts.memory_limit_mb": "Für das ganze Programm.",
      "alerts.memory_percent": "Meldet sich, wenn Backstory mehr belegt.",
      "alerts.denied": "Meldet sich, wenn so oft nach etwas gefragt wurde, das nicht gesehen werden darf.",
      "metrics.listen": "Für Prometheus auf diesem Rechner, unter einer Adresse wie 127.0.0.1:9464.",
    },
    retentionHow: "Die Regeln, was bis zu einem künftigen Tag geht, und es gehen lassen.",
    toStorage: "Speicher & Zustand",
    encryption: "Verschlüsselung, Einwilligung, Löschen",
    encryptionHow: "Was verschlüsselt ist und was es öffnet, wozu du Ja gesagt hast, und alles wegnehmen.",
    toPrivacy: "Daten & Schutz",
    shortcutsHow: "Alles, was Backstory tut, geht auch allein mit der Tastatur.",
    shortcutsDo: "Alle zeigen",
    appearance: "Aussehen",
    theme: "Farben",
    themeHow: "System folgt dem, was dein Rechner eingestellt hat.",
    language: "Sprache",
    languageHow:
      "Backstory und die Sätze deiner Geschichten. Namen und Notizen bleiben, wie du sie geschrieben hast.",
    languages: { system: "System", en: "English", de: "Deutsch" },
    textSize: "Größe der Schrift",
    textSizeHow: "Gilt sofort im ganzen Fenster.",
    percent: (value) => `${n(value)} %`,
    smaller: "Kleinere Schrift",
    larger: "Größere Schrift",
    layout: "Figuren",
    layoutHow: "Als Karten mit ihrem Werdegang oder als dichte Liste.",
    importing: "Import",
    notify: "Nachrichten des Systems",
    notifyHow:
      "Eine Nachricht, wie viele Dateien es auch sind, wenn ein beobachteter Ordner etwas gebracht hat, während du woanders bist. Höchstens eine in der Minute.",
    notifyMe: "Sag mir Bescheid",
    stay: "Wenn das Fenster geschlossen wird",
    stayHow: "Backstory beobachtet deine Ordner weiter und steht im Infobereich des Systems.",
    stayMe: "Im Infobereich bleiben",
    folders: "Beobachtete Ordner",
    foldersHow: (folders) =>
      folders === 0
        ? "Kein Ordner wird beobachtet."
        : `${count(folders, "Ordner wird", "Ordner werden")} beobachtet.`,
    change: "Ändern",
    storage: "Wo deine Bibliothek liegt",
    open: "Ordner öffnen",
    size: (bytes) => `Sie belegt ${bytes} auf diesem Rechner.`,
    readOnly: "Sie ist nur zum Lesen geöffnet.",
    kinds: {
      sqlite: "Eine Datei auf diesem Rechner",
      postgres: "Eine PostgreSQL-Datenbank",
      folder: "Ein Ordner mit Dateien",
      objects: "Ein Objektspeicher",
      memory: "Nirgends: Sie ist weg, sobald Backstory geschlossen wird",
    },
    otherKind: "Eine Bibliothek eigener Art",
    other: "Andere Bibliothek",
    otherHow: "Sie wird von jetzt an geöffnet. Die offene bleibt, wo sie ist.",
    otherFile: "Datei …",
    otherFolder: "Ordner …",
    usual: "Die übliche",
    chosenBy: "Was die Konfigurationsdatei oder BACKSTORY_LIBRARY sagt, geht dem hier Gewählten vor.",
    about: "Über Backstory",
    configuration: "Jeder Wert der Konfiguration",
    configurationHow: "Wie er in diesem Fenster gilt und wer das sagt. Passwörter werden nie gezeigt.",
    configurationHeads: ["Schlüssel", "Wert", "Von"],
    default: "Backstory selbst",
    licences: "Freie Software darin und ihre Lizenzen",
    licenceHeads: ["Name", "Version", "Lizenz"],
    version: (version) => `Backstory ${version}`,
    license: "Freie Software unter der MIT-Lizenz oder der Apache-Lizenz 2.0, wie du möchtest.",
    credits:
      "Klassenzeichen von game-icons.net: Lorc, Delapouite und weitere (CC BY 3.0). Symbole von Lucide (ISC). Source Sans, Source Serif, Source Code und Alegreya SC (SIL Open Font License).",
    affiliation:
      "Backstory ist weder mit Wizards of the Coast noch mit D&D Beyond oder Foundry Gaming verbunden und wird von ihnen weder empfohlen noch gefördert. Die Namen gehören ihnen.",
    offline:
      "Es sendet nichts irgendwohin, außer du rufst einen Link ab oder hast eine Bibliothek auf einem Server gewählt.",
  },

  retention: {
    title: "Wie lange Fassungen bleiben",
    how: "Regeln ergänzen sich: Eine Fassung bleibt, solange eine davon sie behält. Die neueste und die erste und alle, die du für immer behältst, benannt oder mit einer Notiz versehen hast, gehen nie.",
    policy: "Regeln",
    own: "Für diese Bibliothek festgelegt.",
    notOwn: "Für diese Bibliothek ist nichts festgelegt, also entscheidet die Konfiguration.",
    presets: { everything: "Alles behalten", thinned: "Ausdünnen", small: "Klein bleiben", own: "Eigene" },
    rules: "Alle Regeln",
    none: "keine Regel",
    keys: {
      keep_all_days: "Alle Fassungen behalten für (Tage)",
      daily_until_days: "Danach eine am Tag bis (Tage)",
      weekly_until_days: "Danach eine in der Woche bis (Tage)",
      monthly_forever: "Eine im Monat für immer",
      max_versions_per_character: "Höchstens so viele je Figur",
      max_total_size_mb: "Höchstens so viele MB insgesamt",
      archive_after_days: "Ins Archiv nach (Tagen)",
      auto_delete_after_days: "Nichts länger behalten als (Tage)",
      anonymise_instead_of_delete: "Stattdessen anonymisieren",
    },
    keysHow: {
      keep_all_days: "Jede Fassung, die nicht älter ist, bleibt.",
      daily_until_days: "Die letzte Fassung jedes Tages: Was ein Spielabend im Ganzen änderte, ist immer da.",
      weekly_until_days: "Die letzte Fassung jeder Woche, Montag bis Sonntag.",
      monthly_forever: "Die letzte Fassung jedes Monats geht nie.",
      max_versions_per_character:
        "Die letzte Regel: Sie geht denen nach Alter vor und gibt stille Abrufe und Versuche zuerst auf.",
      max_total_size_mb: "Dokumente, wie sie gespeichert sind. Was am kürzesten galt, geht zuerst.",
      archive_after_days: "Kleiner, und aufgeführt und geöffnet wie alle anderen.",
      auto_delete_after_days: "Was älter ist, geht, welche Regel es auch behält.",
      anonymise_instead_of_delete:
        "Nichts geht, weil es älter ist. Eine Figur, nach der so lange niemand sah, verliert ihren Namen, ihre Notizen und alles, was von dir erzählt, und behält ihren Verlauf.",
    },
    zone: (zone) => `Tage, Wochen und Monate enden wie in ${zone}, wo auch immer dieser Rechner ist.`,
    override: (policy) => `Hat eigene Regeln: ${policy}.`,
    asLibrary: "Wie die Bibliothek",
    changed: "Die Regeln sind geändert. Was danach geht, geht ab morgen im Hintergrund.",
    changedFor: (name) => `Die Regeln für ${name} sind geändert.`,
    ahead: "Was übrig wäre",
    now: "Heute",
    counts: (keep, drop) =>
      `${count(keep, "Fassung bleibt", "Fassungen bleiben")}, ${count(drop, "geht", "gehen")}.`,
    archive: (moved) => `${n(moved)} davon kommen ins Archiv.`,
    why: "Warum Fassungen gehen",
    whyKept: "Warum Fassungen bleiben",
    dropped: {
      not_last_of_day: (versions) => `${n(versions)}: eine spätere desselben Tages bleibt`,
      not_last_of_week: (versions) => `${n(versions)}: eine spätere derselben Woche bleibt`,
      not_last_of_month: (versions) => `${n(versions)}: eine spätere desselben Monats bleibt`,
      too_old: (versions) => `${n(versions)}: keine Regel reicht so weit zurück`,
      past_deletion: (versions) => `${n(versions)}: älter, als etwas sein darf`,
      over_count: (versions) => `${n(versions)}: es sind zu viele einer Figur`,
      over_size: (versions) => `${n(versions)}: sie brauchen zu viel Platz`,
    },
    because: {
      not_last_of_day: "Eine spätere desselben Tages bleibt.",
      not_last_of_week: "Eine spätere derselben Woche bleibt.",
      not_last_of_month: "Eine spätere desselben Monats bleibt.",
      too_old: "Keine Regel reicht so weit zurück.",
      past_deletion: "Älter, als etwas sein darf.",
      over_count: "Es sind zu viele.",
      over_size: "Sie brauchen zu viel Platz.",
    },
    kept: {
      newest: (versions) => `${n(versions)} bleiben als neueste`,
      oldest: (versions) => `${n(versions)} bleiben als erste`,
      pinned: (versions) => `${n(versions)} bleiben, weil du sie für immer behältst`,
      tagged: (versions) => `${n(versions)} bleiben, weil du sie benannt hast`,
      noted: (versions) => `${n(versions)} bleiben, weil du etwas dazu geschrieben hast`,
      open: (versions) => `${n(versions)} bleiben, weil sie gerade zu sehen sind`,
      future: (versions) => `${n(versions)} bleiben, weil ihre Zeit noch nicht da ist`,
      unlimited: (versions) => `${n(versions)} bleiben, weil keine Regel nach Alter gilt`,
      recent: (versions) => `${n(versions)} bleiben, weil sie jung sind`,
      daily: (versions) => `${n(versions)} bleiben als letzte eines Tages`,
      weekly: (versions) => `${n(versions)} bleiben als letzte einer Woche`,
      monthly: (versions) => `${n(versions)} bleiben als letzte eines Monats`,
    },
    warnings: {
      count_bites: (versions, name) =>
        `${name}: Die Höchstzahl nimmt ${count(versions, "Fassung", "Fassungen")}, die nach Alter blieben.`,
      count_unreachable: (versions, name) =>
        `${name}: ${count(versions, "Fassung bleibt", "Fassungen bleiben")}, und das sind zu viele; die anderen dürfen nicht gehen.`,
      size_bites: (versions) =>
        `Die Höchstgröße nimmt ${count(versions, "Fassung", "Fassungen")}, die nach allen anderen Regeln blieben.`,
      size_unreachable: () => "Die Bibliothek bleibt größer: Was übrig ist, darf nicht gehen.",
      future: (versions, name) =>
        `${name}: ${count(versions, "Fassung trägt", "Fassungen tragen")} eine Zeit, die noch nicht da ist. Sie bleiben und zählen nicht.`,
      marked: (versions, name) =>
        `${name} wird nicht anonymisiert, weil du ${count(versions, "Fassung", "Fassungen")} davon gekennzeichnet hast.`,
    },
    one: (name, drop, archive) =>
      `${name}: ${count(drop, "geht", "gehen")}${archive > 0 ? `, ${n(archive)} ins Archiv` : ""}`,
    anonymised: "Sie verliert ihren Namen, ihre Notizen und alles, was von dir erzählt.",
    version: (version, day) => `Fassung ${n(version)}, ${day}.`,
    more: (versions) => `und ${n(versions)} weitere`,
    keepAllOf: (name) => `Alles von ${name} behalten`,
    held: {
      clock_ahead: (now, seen) =>
        `Die Uhr dieses Rechners sagt ${now}, und die Bibliothek hat keinen späteren Tag gesehen als ${seen}. Nichts geht, bis du sagst, dass die Uhr stimmt.`,
      clock_behind: (now, seen) =>
        `Die Uhr dieses Rechners sagt ${now}, und die Bibliothek hat ${seen} schon gesehen. Nichts geht, bis du sagst, dass die Uhr stimmt.`,
    },
    onlyShown: "Nur gezeigt: Nichts geht, bevor seine Zeit da ist.",
    apply: "Jetzt gehen lassen…",
    confirmTitle: (versions) => `${count(versions, "Fassung", "Fassungen")} gehen lassen?`,
    forGood: "Das lässt sich nicht rückgängig machen. Exportiere vorher, wenn du nicht sicher bist.",
    running: "Fassungen gehen",
    keep: "Behalten",
    confirm: "Gehen lassen",
    confirmClock: "Die Uhr stimmt: gehen lassen",
    done: (dropped, archived, anonymised) =>
      [
        count(dropped, "Fassung ist gegangen", "Fassungen sind gegangen"),
        ...(archived > 0 ? [`${n(archived)} sind jetzt im Archiv`] : []),
        ...(anonymised > 0 ? [count(anonymised, "Figur ist anonymisiert", "Figuren sind anonymisiert")] : []),
      ].join(", ") + ".",
    goes: (day) => `Geht nach den Regeln nach dem ${day}`,
    goesNow: "Geht beim nächsten Ausdünnen",
    archived: "Im Archiv",
  },

  anonymise: {
    action: "Anonymisieren…",
    title: (name) => `${name} anonymisieren?`,
    forGood: "Das lässt sich nicht rückgängig machen. Backstory behält keine versteckte Kopie.",
    goes: "Was verschwindet",
    names: (versions) =>
      `Name, Notizen, Konto und alles, was von dir oder anderen erzählt, in ${count(versions, "Fassung", "Fassungen")}`,
    marks: (tags, notes) =>
      `Die Namen von ${count(tags, "Fassung", "Fassungen")}, deine Notizen zu ${count(notes, "Fassung", "Fassungen")} und die Namen der Dateien, aus denen sie kamen`,
    stays: "Was bleibt",
    staysHow:
      "Stufen, Zahlen, Zauber und Dinge, und wann nachgesehen wurde. Sie geht unter einem Decknamen weiter.",
    unreadable: (versions) =>
      `${count(versions, "Fassung kann", "Fassungen können")} von diesem Backstory nicht gelesen werden: Solange das so ist, geschieht nichts.`,
    running: "Jede Fassung wird neu geschrieben",
    keep: "So lassen",
    confirm: "Anonymisieren",
    done: (name) => `Sie heißt ab jetzt ${name}.`,
  },

  storage: {
    title: "Speicher & Zustand",
    status: { ok: "Gesund", warning: "Einen Blick wert", critical: "Braucht dich" },
    checkNow: "Jetzt prüfen",
    backUpNow: "Jetzt sichern",
    tryNewest: "Neueste ausprobieren",
    dismiss: (message) => `Schließen: ${message}`,
    working: (what) => `${what} …`,
    amount: (size) => size,
    upTo: (date, size) => `${date}, ${size}`,
    of: (done, total) => `${done} von ${total}`,
    size: "Größe",
    versions: "Fassungen",
    smaller: (whole, kept) => `${whole} Dokumente, in ${kept} aufgehoben`,
    opens: "Öffnet in",
    none: "–",
    millis: (millis) =>
      millis < 1
        ? "unter 1 ms"
        : millis < 1000
          ? `${n(Math.round(millis))} ms`
          : `${n(Math.round(millis / 100) / 10)} s`,
    mostly: (most, times) => `95 von 100 Dokumenten in ${most}, bisher ${n(times)} geöffnet`,
    notMeasured: "Noch wurde keine Fassung geöffnet",
    backups: "Sicherungen",
    newest: (date) => `Die neueste ist vom ${date}`,
    noBackup: "Noch gibt es keine",
    grew: "Dokumente seit dem Anfang",
    grewFrom: (first, last, most) =>
      `Was die Dokumente belegen, wuchs vom ${first.slice(0, 10)} bis zum ${last.slice(0, 10)} auf ${most}`,
    perDay: (versions) => `${n(Math.round(versions * 10) / 10)} Fassungen am Tag in letzter Zeit`,
    oneDay: "Hier steht eine Linie, sobald an zwei Tagen etwas gespeichert wurde.",
    part: (looked, all) => `Von den ${n(looked)} Fassungen, die sich zuletzt änderten, von ${n(all)}.`,
    byCharacter: "Nach Figur",
    others: (others) => count(others, "weitere", "weitere"),
    byKind: "Nach Art",
    documents: (documents, codec) => `${count(documents, "Dokument", "Dokumente")}, ${codec}`,
    known: "Geschichten und Listen",
    byHour: "Wann du speicherst",
    busiest: (hour, versions) => `Die meisten Fassungen kommen in der Stunde ab ${hour}: ${n(versions)}.`,
    nothing: (versions) => `${versions} Fassungen sind gespeichert.`,
    checks: "Prüfungen",
    keeps: (daily, weekly, monthly) =>
      `Die letzte von ${count(daily, "Tag", "Tagen")}, ${count(weekly, "Woche", "Wochen")} und ${count(monthly, "Monat", "Monaten")} wird aufgehoben. Jede wird zurückgelesen, bevor sie zählt.`,
    reasons: BACKUP_REASONS,
    unreadable: "Was sie von sich sagt, ist nicht lesbar",
    holds: (characters, versions, size) =>
      `${count(characters, "Figur", "Figuren")} mit ${count(versions, "Fassung", "Fassungen")}, ${size}`,
    restore: "Zurückholen",
    restoreOf: (date) => `Die Sicherung vom ${date} zurückholen`,
    restoreHow: "Was jetzt da ist, wird beiseitegelegt und aufgehoben.",
    all: (all) => `Alle ${n(all)} zeigen`,
    fewer: "Weniger zeigen",
    made: (versions, size) =>
      `Gesichert: ${count(versions, "Fassung", "Fassungen")}, ${size}, zurückgelesen und gleich`,
    tried: (versions) =>
      `Die neueste Sicherung öffnet sich und enthält ${count(versions, "Fassung", "Fassungen")}, wie sie sagt`,
    brought: (characters) => `Von ${count(characters, "Figur", "Figuren")} kam etwas zurück`,
    jobs: "Arbeit im Hintergrund",
    jobsHow: "Sie beginnt, wenn du etwas anderes tust, und wartet, solange der Rechner am Akku hängt.",
    job: (name) => JOB_NAMES[name] ?? name,
    run: "Jetzt tun",
    runOf: (what) => `Jetzt tun: ${what}`,
    often: (what) => `Wie oft: ${what}`,
    every: (hours) =>
      hours === 1
        ? "Stündlich"
        : hours === 24
          ? "Täglich"
          : hours === 168
            ? "Wöchentlich"
            : hours === 720
              ? "Monatlich"
              : `Alle ${n(hours)} Stunden`,
    byItself: (_what) => "Von selbst",
    never: "Noch nicht getan.",
    last: {
      done: (at, millis) => `Zuletzt getan ${at}, in ${n(Math.round(millis / 100) / 10)} s.`,
      nothing: (at, _millis) => `Nichts zu tun ${at}.`,
      stopped: (at, _millis) => `Angehalten ${at}.`,
      failed: (at, _millis) => `Fehlgeschlagen ${at}.`,
    },
    next: (at) => `Wieder ab ${at}.`,
    now: "Es geschieht gerade.",
    ended: {
      done: (what) => `${what}: getan`,
      nothing: (what) => `${what}: nichts zu tun`,
      stopped: (what) => `${what}: angehalten, alles ist ganz`,
      failed: (what) => `${what}: fehlgeschlagen`,
    },
    speed: "Wie lange die Bibliothek braucht",
    speedHow:
      "Seit Backstory gestartet wurde. Die Hälfte aller Antworten, 95 und 99 von 100 kamen in diesen Zeiten.",
    speedHeads: ["Was", "Wie oft", "Fehler", "Hälfte", "95 %", "99 %"],
    operations: OPERATIONS,
    pool: (open, most, waiting) =>
      `${n(open)} von ${n(most)} Verbindungen sind offen, ${n(waiting)} warten auf eine.`,
  },
  move: {
    action: "In einen anderen Speicher umziehen",
    title: "In einen anderen Speicher umziehen",
    stepOf: (now, all) => `Schritt ${now} von ${all}`,
    steps: { choose: "Wählen", rehearse: "Proben", copy: "Kopieren", switch: "Wechseln" },
    kind: (kind) => STORES[kind] ?? "Bibliothek",
    from: "Von",
    to: "Nach",
    lead: "Jede Fassung geht mit und wird zurückgelesen, bevor sich etwas ändert. Bis du wechselst, bleibt deine Bibliothek in Gebrauch, wo sie ist, und unberührt.",
    where: "Wohin",
    ways: {
      file: "Eine Datei auf diesem Computer",
      folder: "Ein Ordner auf diesem Computer",
      server: "Ein PostgreSQL-Server",
    },
    waysHow: {
      file: "Eine SQLite-Datei, auf jedem deiner Datenträger.",
      folder: "Einfache Dateien, eine je Dokument. Der Ordner muss leer sein.",
      server:
        "Eine Bibliothek für mehrere Computer, in einer Datenbank, die dafür bereit ist: backstory db init.",
    },
    address: "Adresse der Datenbank",
    addressHow:
      "Etwa postgresql://name:passwort@server/datenbank. Sie wird nirgends gezeigt und ab dem Wechsel im Schlüsselbund dieses Computers aufbewahrt.",
    next: "Weiter",
    looking: "Wird angesehen …",
    kept: "Deine Bibliothek ist, wie sie war, und bleibt in Gebrauch.",
    nothingYet: "Noch ist nichts geschrieben.",
    closingStops: "Wer dieses Fenster schließt, beendet die Probe.",
    closingPauses: "Schließen hält nur an; nichts geht verloren.",
    moment: "Einen Moment, bis alles ganz ist.",
    goes: (characters, versions, size) =>
      `${count(characters, "Figur geht", "Figuren gehen")} mit, mit ${count(versions, "Fassung", "Fassungen")} in ${size} Dokumenten`,
    there: (there, only) =>
      `Dort ist schon eine Bibliothek mit ${count(there, "Figur", "Figuren")}. Sie wird zuerst gesichert, und nichts in ihr geht verloren${only > 0 ? `; ${n(only)} davon gibt es nur dort` : ""}.`,
    free: (free) => `Dort sind ${free} frei`,
    tight: (free, needs) =>
      `Dort sind nur ${free} frei, und die Kopie kann ${needs} brauchen. Schaffe zuerst etwas Platz.`,
    sealing: {
      same: "Die Kopie ist verschlüsselt und öffnet sich mit dem, was deine Bibliothek jetzt öffnet",
      own: "Die Bibliothek dort ist mit eigenen Schlüsseln verschlüsselt",
      lost: "Deine Bibliothek ist verschlüsselt, und die Kopie wird es nicht sein: Diese Art von Speicher kann es nicht, oder jene Bibliothek ist es nicht.",
    },
    agreePlain: "Ohne Verschlüsselung kopieren",
    agreePlainHow: "Wer jenen Speicher lesen kann, kann alles in der Kopie lesen.",
    toRehearse: {
      whole:
        "Die Probe kopiert jede Fassung an einen Platz daneben, liest sie zurück und entfernt sie wieder",
      reading:
        "Die Probe liest jede Fassung und versucht, ob der Server Änderungen annimmt. Sie kopiert nichts.",
    },
    rehearsed: {
      whole: (verified, all) =>
        `Probe: ${verified} von ${all} Fassungen kopiert, gleich zurückgelesen und wieder entfernt`,
      reading: (verified, all) =>
        `Probe: ${verified} von ${all} Fassungen gelesen und heil, und der Server nimmt Änderungen an`,
    },
    rehearsalFailed: (verified, all) =>
      `Probe: Nur ${verified} von ${all} Fassungen kämen an. Was bleibt, steht unten.`,
    rehearsalStopped: "Die Probe wurde beendet, und was sie kopiert hat, ist entfernt",
    rehearse: "Proben",
    otherPlace: "Anderer Ort",
    copy: "Kopieren",
    goOn: "Weiter kopieren",
    pause: "Anhalten",
    remove: "Beenden und Kopie entfernen",
    removed: "Die Kopie ist entfernt. Deine Bibliothek ist, wie sie war.",
    switchTo: (kind) => `Zu ${kind} wechseln`,
    beginning: "Beginnt",
    stopping: "Hält zwischen zwei Fassungen an",
    removing: "Entfernt die Kopie",
    switching: "Übernimmt, was inzwischen gespeichert wurde, und wechselt dann",
    doing: {
      reading: (name) => `Liest ${name}`,
      copying: (name) => `Kopiert ${name}`,
      comparing: (name) => `Vergleicht ${name}`,
    },
    far: (done, all) => `${done} von ${all} Fassungen`,
    left: (seconds) =>
      seconds < 90
        ? `, noch etwa ${n(Math.max(1, Math.round(seconds)))} s`
        : `, noch etwa ${n(Math.round(seconds / 60))} min`,
    paused: "Angehalten. Was kopiert wurde, bleibt, und das Kopieren geht dort weiter, wo es aufhörte",
    incomplete:
      "Nicht alles ist angekommen, darum bleibt deine Bibliothek, wo sie ist. Was bleibt, steht unten.",
    untouched: (kind) => `Deine Bibliothek (${kind}) bleibt in Gebrauch und unberührt, bis du wechselst`,
    toCompare: "Jeden Fingerabdruck vergleichen, dann den Wechsel anbieten",
    copied: (verified, all) => `${verified} von ${all} Fassungen kopiert, zurückgelesen und gleich`,
    toSwitch: "Wechseln: Was du inzwischen speicherst, wird zuerst übernommen",
    switched: (kind) => `Backstory arbeitet jetzt mit der neuen Bibliothek (${kind})`,
    old: (location) => `Die alte bleibt, wie sie war: ${location}`,
    notLasting:
      "Welche Bibliothek beim nächsten Start geöffnet wird, sagt die Konfiguration. Nenne dort die neue, sonst wird wieder die alte geöffnet.",
    staysTitle: "Was bleibt, wie es ist",
    stays: {
      newer: (name) => `${name}: Die Bibliothek dort hat alles davon und mehr`,
      differs: (name) =>
        name
          ? `${name}: Jede der Bibliotheken hat etwas, das der anderen fehlt`
          : "Eine Einstellung oder ein Platz in einer Kampagne lautet dort anders und bleibt so",
      incomplete: (name) => `${name}: Deine Bibliothek hat selbst nur einen Teil davon`,
      gone: (name) => `${name}: in deiner Bibliothek gelöscht und dort noch vorhanden`,
    },
    staysOther: (name, message) => (name === null ? message : `${name}: ${message}`),
    more: (more) => `und ${n(more)} weitere`,
    done: "Fertig",
  },
  privacy: {
    title: "Daten & Schutz",
    take: "Nimm deine Daten mit",
    takeHow:
      "Eine Datei mit jeder Fassung, in einer Form, die Backstory wieder aufnimmt und andere Programme lesen. Dabei ändert sich hier nichts.",
    exportAll: "Alles exportieren",
    takes: (characters: number, versions: number) => [
      `${count(characters, "Figur", "Figuren")}, ${count(versions, "Fassung", "Fassungen")}, Byte für Byte`,
      "Ihre Geschichten, Namen und Notizen",
      "Das Protokoll, und wozu du zugestimmt hast",
      "Prüfsummen, und eine Anleitung in klaren Worten",
    ],
    exported: (on: string) => `Zuletzt exportiert am ${on}.`,
    neverExported: "Noch wurde nichts exportiert.",
    log: "Protokoll",
    recent: "Zuletzt geschehen",
    allOf: (entries: number) => `Alle ${n(entries)}`,
    where: "Wo deine Daten sind",
    store: "Deine Bibliothek",
    erase: "Meine Daten löschen",
    eraseHow:
      "Löscht jede Figur und jede Fassung, die Backstory aufbewahrt, samt Einstellungen und Aufzeichnungen. Du siehst die ganze Liste und bestätigst sie, bevor etwas geschieht.",
    eraseAll: "Alle meine Daten löschen…",
    eraseOne: "Eine einzelne Figur löschst du endgültig auf ihrer eigenen Seite.",
    beyond: "Was Backstory nicht löschen kann",
    sends: "Was diesen Rechner verlässt",
    sendsHow:
      "Nichts, außer du rufst einen Link bei D&D Beyond ab oder hast eine Bibliothek auf einem Server gewählt. Telemetrie gibt es nicht.",
    others: "Was von anderen aufbewahrt wird",
    othersHow:
      "Dokumente nennen die anderen Spieler einer Kampagne und ihre Spielleitung. Diese Zeilen werden herausgeschnitten, bevor etwas gespeichert wird, und jede Fassung sagt, was geschnitten wurde.",
    othersCut: "Zeilen anderer Spieler werden herausgeschnitten",
    othersKept: "Zeilen anderer Spieler werden aufbewahrt",
    othersSaid: (origin: string) => `So steht es in ${origin}.`,
    cutPlaces: "Was herausgeschnitten wurde",
    cut: (cut: number, versions: number) =>
      cut === 0
        ? "Aus den Fassungen dieser Bibliothek wurde nichts herausgeschnitten."
        : `Aus ${count(cut, "Fassung", "Fassungen")} von ${n(versions)} wurde etwas herausgeschnitten.`,
    cutPlace: (versions: number, bytes: string) => `${bytes} aus ${count(versions, "Fassung", "Fassungen")}`,
    purposes: {
      fetch: "Figuren bei D&D Beyond abrufen",
      notify: "Nachrichten des Systems über beobachtete Ordner",
    },
    withdrawing: {
      fetch:
        "Zurückgenommen, wird kein Link abgerufen, bis du wieder zustimmst. Was abgerufen wurde, bleibt.",
      notify: "Zurückgenommen, sagt dir das System nichts. Ordner werden beobachtet wie bisher.",
    },
    agreed: (since: string) => `Du hast am ${since} zugestimmt.`,
    agreedOther: (since: string) =>
      `Du hast am ${since} zugestimmt. Die Worte bedeuten jetzt etwas anderes: Du wirst erneut gefragt.`,
    takenBack: (since: string, until: string) =>
      `Du hast am ${since} zugestimmt und das am ${until} zurückgenommen.`,
    words: "Wozu du zugestimmt hast",
    withdraw: "Zurücknehmen",
    withdrawn: {
      fetch: "D&D Beyond wird nicht mehr gefragt. Was abgerufen wurde, bleibt.",
      notify: "Das System sagt dir nichts mehr.",
    },
  },

  activity: {
    title: "Aktivität",
    about:
      "Alles, was Backstory mit dieser Bibliothek getan hat. Was gelöscht wird, lässt seinen Eintrag zurück und nichts, was von dort zu ihm führt.",
    save: "Protokoll exportieren",
    saveLines: "Als JSON-Zeilen exportieren, um es anderswo zu prüfen",
    saveTable: "Als Tabelle exportieren",
    saved: (name: string) => `${name} ist geschrieben.`,
    label: (size: number) => `Was getan wurde, Neuestes zuerst, ${count(size, "Eintrag", "Einträge")}`,
    columns: { when: "Wann", what: "Was", where: "Wo", who: "Wer" },
    all: "Alles",
    areas: {
      saved: "Gespeichert",
      sent: "Gesendet oder übernommen",
      deleted: "Gelöscht",
      settings: "Einstellungen",
      upkeep: "Pflege",
    },
    character: "Figur",
    anyCharacter: "Ein Teil des Namens",
    anyTime: "Jederzeit",
    days: (days: number) => (days === 365 ? "Letztes Jahr" : `Letzte ${n(days)} Tage`),
    nothing: "Noch wurde nichts getan",
    noMatch: "Nichts von dem, was getan wurde, passt dazu",
    showAll: "Alles zeigen",
    here: "Dieser Rechner",
    who: (origin: string) => ACTORS[origin] ?? origin,
    told: tellActivity,
    unchecked: "Das Protokoll wurde nicht geprüft, seit zuletzt hineingeschrieben wurde.",
    check: "Protokoll prüfen",
    checking: "Jeder Eintrag wird geprüft",
    unbroken: (entries: number) => `Eben geprüft: lückenlos, ${count(entries, "Eintrag", "Einträge")}`,
    broken: "Das Protokoll ist nicht, was geschrieben wurde",
    faults: {
      missing: (entry: number) => `Eintrag ${n(entry)} fehlt.`,
      changed: (entry: number) => `Eintrag ${n(entry)} wurde geändert oder schließt nicht an den vor ihm an.`,
      head: () => "Was die Bibliothek über ihr Protokoll sagt, ist nicht, was die Einträge sagen.",
      shorter: () =>
        "Das Protokoll ist kürzer, als es auf diesem Rechner zuletzt gesehen wurde: Sein Ende wurde abgeschnitten, oder eine frühere Kopie der Bibliothek wurde zurückgelegt.",
      another: (entry: number) =>
        `Die Einträge bis ${n(entry)} sind nicht die, die auf diesem Rechner zuletzt gesehen wurden.`,
      segment: (entry: number) =>
        `Die Einträge eines anderen Protokolls, die Eintrag ${n(entry)} aufbewahrt, passen nicht zusammen.`,
    },
    acceptHow:
      "Hast du eine Sicherung oder eine andere Bibliothek an ihre Stelle gelegt, dann nimm es an. Auch das wird festgehalten.",
    accept: "Protokoll annehmen, wie es ist",
  },

  erase: {
    action: "Endgültig löschen…",
    samples: "Das sind die Beispiele",
    titleAll: "Alle deine Daten löschen?",
    title: (name: string) => `${name} endgültig löschen?`,
    forGood: "Das lässt sich nicht zurücknehmen. Backstory behält keine versteckte Kopie.",
    goes: "Was gelöscht wird",
    amount: (characters: number, versions: number) =>
      `${count(characters, "Figur", "Figuren")}, ${count(versions, "Fassung", "Fassungen")} in der geöffneten Bibliothek und alles, was du dazu geschrieben hast`,
    files: (files: number, bytes: string) => `${count(files, "Datei", "Dateien")}, ${bytes}`,
    kinds: {
      library: "Die Bibliothek",
      copies: "Eine Kopie von vor einer Änderung",
      set_aside: "Eine beiseitegelegte Bibliothek",
      backups: "Sicherungen, die Backstory angelegt hat",
      leftovers: "Was ein abgebrochener Schreibvorgang hinterließ",
      settings: "Einstellungen dieses Fensters",
      window_data: "Was die Web-Anzeige des Fensters aufbewahrt",
      records: "Aufzeichnungen über beobachtete Ordner, Einwilligungen und Anfragen",
      session: "Deine Sitzung bei D&D Beyond, im Schlüsselbund",
      cache: "Kopien von Dokumenten im Zwischenspeicher",
    },
    stays: "Was Backstory nicht löschen kann",
    beyonds: {
      sources: "Deine Figuren bei D&D Beyond oder in Foundry",
      files:
        "Dateien, die du exportiert oder aus denen du importiert hast, und weitere Kopien der Bibliothek, etwa die von vor einem Umzug",
      backups: "Sicherungen dieses Rechners durch andere Programme",
      server_log: "Das eigene Protokoll und die Sicherungen des Datenbankservers",
      object_versions: "Alte Fassungen, falls der Bucket welche aufhebt",
      other_library: "Eine weitere Bibliothek, die in der Konfiguration steht",
      configuration: "Die Konfiguration, die du geschrieben hast",
      keychain: "Eine Sitzung bei D&D Beyond, falls der Schlüsselbund, der sich nicht öffnete, eine enthält",
      set_aside: "Eine beiseitegelegte Bibliothek, die auch andere Figuren enthält",
      cache: "Kopien von Dokumenten in einem Zwischenspeicher, der nicht antwortet: Sie enden von selbst",
    },
    exportFirst: "Erst exportieren",
    word: "meine daten löschen",
    type: (word: string) => `Tippe „${word}“, um fortzufahren`,
    left: (characters: number) =>
      characters > 0 ? `Noch ${count(characters, "Zeichen", "Zeichen")}` : "Das ist es",
    other: "Das ist etwas anderes",
    keep: "Meine Daten behalten",
    keepOne: "Behalten",
    all: "Alles löschen",
    one: "Endgültig löschen",
    running: "Wird gelöscht",
    runningHow: "Wird das unterbrochen, geht es beim nächsten Start weiter.",
    doneTitle: "Deine Daten sind gelöscht",
    doneOne: "Die Figur ist gelöscht",
    doneHow:
      "Hier steht, was entfernt wurde und wie das geprüft wurde. Der Beleg wird nicht aufbewahrt: Speichere ihn, wenn du ihn willst.",
    traces: (traces: number) =>
      `${count(traces, "Spur ist", "Spuren sind")} noch da. Das Protokoll nennt die Dateien; sag uns bitte Bescheid.`,
    number: "Beleg",
    save: "Beleg speichern…",
    saved: (name: string) => `Gespeichert als ${name}`,
    fresh: "Neu beginnen",
    close: "Fertig",
    resumed:
      "Es wurde gerade etwas gelöscht, als Backstory zuletzt geschlossen wurde. Das ist jetzt zu Ende gebracht.",
  },

  help: { title: "Hilfe", contents: "Auf dieser Seite", texts: [guide, privacy] },
};
