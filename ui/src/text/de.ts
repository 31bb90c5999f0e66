// Jedes Wort des Fensters auf Deutsch. Der Typ hält die Datei vollständig.
import guide from "../../../docs/guide.de.md?raw";
import type { ChangeKind, Section, Sort, Theme } from "../api";
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
    import: "Import",
    campaigns: "Kampagnen",
    noCampaign: "Keine Kampagne",
    find: "Suchen, springen",
    about: "Tastenkürzel",
    pinned: "Angeheftet",
    yours: "Dein Fenster",
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
    unreadable: "Deine Bibliothek ließ sich nicht öffnen",
    importing: (done, total) => `Import, ${n(done)} von ${n(total)} fertig`,
  },
  banner: {
    sample: "Du siehst Beispielfiguren. Nichts davon wird gespeichert.",
    leave: "Zurück zu meinen Figuren",
    readOnly: "Backstory kann deine Figuren zeigen, aber zurzeit nichts speichern.",
    visiting: (location: string) =>
      `Das ist vorerst ${location}. Der nächste Start öffnet wieder deine eigene Bibliothek.`,
    own: "Meine eigene Bibliothek öffnen",
    moved: (location: string) => `Deine frühere Bibliothek ist unverändert erhalten: ${location}.`,
    understood: "Hinweis schließen",
  },

  opening: {
    title: "Deine Bibliothek lässt sich nicht öffnen",
    ways: "Wie es weitergeht",
    busy: "Wird geöffnet…",
    again: "Erneut versuchen",
    againHow:
      "Wenn die Ursache behoben ist: Der Datenträger ist verbunden, das andere Programm geschlossen, der Ordner für dich beschreibbar.",
    readOnly: "Nur zum Lesen öffnen",
    readOnlyHow:
      "Alles ansehen, vergleichen und exportieren. Bis zum nächsten Start wird nichts gespeichert.",
    copy: (date: string) => `Die Kopie vom ${date} wiederherstellen`,
    copyHow: (name: string, size: string) =>
      `${name}, ${size}, vor einem Update von Backstory angelegt. Was danach gespeichert wurde, steht nur in der heutigen Bibliothek; sie wird beiseitegelegt und bleibt erhalten.`,
    other: "Eine andere Bibliothek wählen",
    otherHow:
      "Eine Bibliothek auf diesem Computer oder ein Export (.backstory) zum Ansehen. Deine bleibt, wo sie ist.",
    empty: "Mit einer leeren Bibliothek beginnen",
    emptyHow:
      "Die heutige Bibliothek wird unter neuem Namen beiseitegelegt und bleibt erhalten. Nichts wird gelöscht.",
    do: {
      again: "Erneut versuchen",
      read_only: "Öffnen",
      copy: "Wiederherstellen",
      other: "Wählen",
      new: "Beginnen",
    },
  },

  errors: {
    happened: "Was geschehen ist",
    kept: "Was erhalten blieb",
    todo: "Was zu tun ist",
    copy: "Einzelheiten kopieren",
    copied: "Kopiert",
    keptDefault: "Deine gespeicherten Fassungen sind, wie sie waren.",
    preferences: "Diese Einstellung wurde nicht gespeichert. Sie gilt, bis Backstory geschlossen wird.",
  },

  firstRun: {
    headline: "Jede Fassung jeder Figur",
    lead: "Hol eine Figur einmal herein. Backstory bewahrt dann jede Änderung auf, damit du zurückblicken, vergleichen und sehen kannst, wie sie gewachsen ist.",
    drop: "Lass Dateien von Figuren hier fallen",
    formats: "JSON von D&D Beyond, so viele Dateien du willst",
    choose: "Dateien wählen",
    local: "Alles bleibt auf diesem Rechner. Kein Konto. Nichts wird gesendet.",
    sample: "Mit Beispielfiguren umsehen",
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
    action: "Exportieren …",
    actionAll: "Alles exportieren …",
    form: "Als",
    forms: { backstory: "Backstory-Datei", markdown: "Chronik", csv: "Tabelle", json: "JSON" },
    formsHow: {
      backstory:
        "Alles: zum Aufheben, für einen anderen Rechner, oder zum Lesen ohne Backstory, denn es ist ein Zip aus einfachem Text.",
      markdown: "Was geschah, Tag für Tag, als Markdown-Text.",
      csv: "Stufe, Trefferpunkte, Gold und der Rest, Version für Version, für eine Tabellenkalkulation.",
      json: "Alles in einem Dokument, für andere Programme.",
    },
    lock: "Mit einem Kennwort verschließen",
    lockHow: "Mit age verschlüsselt. Backstory öffnet es, und das freie Programm dieses Namens auch.",
    words: "Kennwort",
    again: "Dasselbe noch einmal",
    differ: "Die beiden sind nicht gleich.",
    missing: "Bitte zweimal dasselbe Kennwort eingeben.",
    lost: "Ohne das Kennwort kann niemand die Datei öffnen, und niemand kann es zurückholen.",
    start: "Ort wählen …",
    progress: "Wird exportiert",
    versions: (done, total) => `${n(done)} von ${count(total, "Version", "Versionen")}`,
    made: (file, characters, versions, size) =>
      `${file} gespeichert: ${count(characters, "Figur", "Figuren")}, ${count(versions, "Version", "Versionen")}, ${size}.`,
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
    results: "Ergebnisse",
    characters: "Figuren",
    commands: "Tun",
    none: "Nichts passt",
    move: "bewegen",
    open: "öffnen",
    commandsOnly: "nur Befehle",
    goCharacters: "Zu den Figuren",
    goImport: "Zum Import",
    goSettings: "Zu den Einstellungen",
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
    chosenBy:
      "Welche Bibliothek geöffnet wird, steht in der Konfigurationsdatei oder in BACKSTORY_LIBRARY. „backstory config“ nennt jeden Wert und woher er kommt.",
    about: "Über Backstory",
    version: (version) => `Backstory ${version}`,
    license: "Freie Software unter der MIT-Lizenz oder der Apache-Lizenz 2.0, wie du möchtest.",
    credits:
      "Klassenzeichen von game-icons.net: Lorc, Delapouite und weitere (CC BY 3.0). Symbole von Lucide (ISC). Source Sans, Source Serif, Source Code und Alegreya SC (SIL Open Font License).",
    affiliation:
      "Backstory ist weder mit Wizards of the Coast noch mit D&D Beyond oder Foundry Gaming verbunden und wird von ihnen weder empfohlen noch gefördert. Die Namen gehören ihnen.",
    offline:
      "Es sendet nichts irgendwohin, außer du rufst einen Link ab oder hast eine Bibliothek auf einem Server gewählt.",
  },

  help: { title: "Hilfe", contents: "Auf dieser Seite", guide },
};
