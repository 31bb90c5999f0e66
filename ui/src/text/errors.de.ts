// What the program's errors say in German, by their code. Their own words are English and know the particulars: where those
// matter they are quoted, and "Copy details" has them always.
import type { Code } from "../api";
import type { Said } from "./en";

interface Sentences {
  message: string | ((original: string) => string);
  /** What was kept, where the usual sentence would not be true. */
  kept?: string;
  hint: string | null;
}

const KEPT = "Deine gespeicherten Fassungen sind, wie sie waren.";
const quoting = (words: string) => (original: string) => `${words} Im Wortlaut: ${original}`;

/** Every code that there is. */
export const germanErrors: Record<Code, Sentences> = {
  invalid_argument: {
    message: quoting("Das geht so nicht."),
    hint: "Ändere die Angabe und versuche es noch einmal.",
  },
  character_not_found: {
    message: "Diese Figur gibt es in deiner Bibliothek nicht.",
    hint: "Sieh in der Liste der Figuren nach.",
  },
  character_ambiguous: {
    message: "Mehrere Figuren heißen so.",
    hint: "Wähle die gemeinte in der Liste der Figuren aus.",
  },
  version_not_found: { message: "Diese Fassung hat die Figur nicht.", hint: "Wähle eine andere im Verlauf." },
  file_unreadable: {
    message: quoting("Eine Datei oder ein Ordner lässt sich nicht lesen."),
    hint: "Prüfe, ob alles an seinem Platz ist und du es lesen darfst, und versuche es noch einmal.",
  },
  file_too_large: {
    message: "Die Datei ist größer, als ein Charakterbogen je ist.",
    hint: "Wähle die Datei mit der Figur selbst.",
  },
  file_empty: {
    message: "Darin steht nichts.",
    hint: "Lade die Datei noch einmal herunter oder kopiere den ganzen Text.",
  },
  encoding_unknown: {
    message: "Die Datei ist in einer Zeichenkodierung, die Backstory nicht liest.",
    hint: "Speichere sie als UTF-8.",
  },
  not_json: {
    message: "Das ist kein JSON.",
    hint: "Wähle die JSON-Datei der Figur oder füge ihren ganzen Text ein.",
  },
  web_page: {
    message:
      "Das ist eine Webseite und keine Figur, vermutlich eine Anmeldung oder eine Prüfung auf Roboter.",
    hint: "Öffne die Adresse im Browser, melde dich an und speichere die Figur dann als JSON.",
  },
  json_truncated: {
    message: "Die Datei hört mittendrin auf. Das Herunterladen wurde vermutlich unterbrochen.",
    hint: "Lade sie noch einmal herunter und ziehe sie dann hierher.",
  },
  json_damaged: { message: quoting("Die Datei ist beschädigt."), hint: "Lade sie noch einmal herunter." },
  json_too_deep: {
    message: "Die Datei ist tiefer verschachtelt als jeder Charakterbogen.",
    hint: "Wähle die Datei mit der Figur selbst.",
  },
  character_private: {
    message: "D&D Beyond sagt, dass diese Figur privat ist.",
    hint: "Mache sie dort öffentlich oder importiere eine Datei.",
  },
  source_refused: {
    message: quoting("Statt einer Figur kam eine Absage."),
    hint: "Prüfe, ob du die Figur im Browser öffnen kannst.",
  },
  character_gone: {
    message: "Diese Figur gibt es dort nicht oder nicht mehr.",
    hint: "Prüfe den Link. Was du gespeichert hast, bleibt.",
  },
  session_expired: {
    message: "Deine Anmeldung gilt dort nicht mehr.",
    hint: "Melde dich noch einmal an (backstory login ddb).",
  },
  rate_limited: {
    message: "Es wurde zu oft gefragt.",
    hint: "Warte ein wenig und versuche es dann noch einmal.",
  },
  source_unreachable: {
    message: "D&D Beyond antwortet nicht.",
    hint: "Prüfe, ob dieser Computer mit dem Internet verbunden ist, und versuche es noch einmal.",
  },
  source_failed: {
    message: "D&D Beyond kann zurzeit nicht antworten.",
    hint: "Versuche es später noch einmal.",
  },
  source_redirected: {
    message: "D&D Beyond verweist auf eine andere Adresse. Backstory folgt ihr nicht.",
    hint: "Prüfe den Link im Browser.",
  },
  consent_needed: {
    message: "Du hast noch nicht zugestimmt, dass D&D Beyond gefragt wird.",
    hint: "Stimme zu oder importiere eine Datei.",
  },
  keychain_unavailable: {
    message: "Der Schlüsselbund dieses Computers lässt sich nicht öffnen.",
    hint: "Entsperre ihn und versuche es noch einmal.",
  },
  passphrase_needed: {
    message: "Dieser Export ist verschlüsselt.",
    hint: "Gib die Passphrase ein, mit der er angelegt wurde.",
  },
  passphrase_wrong: {
    message: "Diese Passphrase öffnet den Export nicht.",
    hint: "Prüfe Groß- und Kleinschreibung und versuche es noch einmal.",
  },
  format_unknown: {
    message: "Das ist JSON, aber keine Figur, die Backstory kennt.",
    hint: "Backstory liest Figuren von D&D Beyond und aus Foundry VTT.",
  },
  format_unsupported: {
    message: quoting("Diese Art von Datei kennt Backstory, liest sie aber nicht."),
    hint: null,
  },
  config_invalid: {
    message: quoting("In der Konfiguration stimmt etwas nicht."),
    hint: "Ändere die Konfigurationsdatei und starte Backstory neu.",
  },
  store_newer: {
    message:
      "Diese Bibliothek wurde von einem neueren Backstory angelegt. Sie lässt sich ansehen, aber nicht ändern.",
    hint: "Aktualisiere Backstory.",
  },
  store_read_only: {
    message: "In die Bibliothek lässt sich zurzeit nichts schreiben.",
    hint: "Prüfe, ob du in die Datei und in ihren Ordner schreiben darfst.",
  },
  store_busy: {
    message: "Ein anderes Programm hält die Bibliothek länger fest, als Backstory wartet.",
    hint: "Schließe das andere Programm und versuche es noch einmal.",
  },
  store_damaged: {
    message: quoting("In der Bibliothek ist etwas beschädigt."),
    kept: "Backstory hat die Datei nicht verändert.",
    hint: "Lege eine Kopie der Bibliothek an und halte eine Sicherung bereit.",
  },
  job_running: {
    message: "Ein anderes Backstory arbeitet gerade an dieser Bibliothek.",
    hint: "Versuche es noch einmal, wenn es fertig ist.",
  },
  backup_missing: {
    message: "Diese Sicherung ist nicht da.",
    hint: "Sieh nach, welche es gibt. Liegen sie auf einem anderen Datenträger, schließe ihn an.",
  },
  backup_damaged: {
    message: "Die Sicherung ist nicht mehr so, wie sie angelegt wurde.",
    hint: "Lege eine neue an. Geschieht es wieder, bewahre Sicherungen auf einem anderen Datenträger auf.",
  },
  store_unreachable: {
    message: "Der Server der Bibliothek antwortet nicht.",
    hint: "Prüfe die Verbindung und versuche es noch einmal.",
  },
  cache_unavailable: {
    message: "Der Zwischenspeicher antwortet nicht.",
    hint: "Alles wird aus der Bibliothek selbst gelesen. Sieh in den Einstellungen nach, wo der Zwischenspeicher ist.",
  },
  cache_refused: {
    message: quoting("Der Zwischenspeicher lässt Backstory nicht ein."),
    hint: "Alles wird aus der Bibliothek selbst gelesen. Prüfe Name und Passwort in `cache.redis.redis_url`.",
  },
  access_denied: {
    message: quoting("Das darfst du in dieser Bibliothek nicht."),
    hint: "Frage, wer die Bibliothek verwaltet.",
  },
  storage_full: {
    message: "Auf dem Datenträger ist kein Platz mehr. Diese Änderung wurde nicht gespeichert.",
    hint: "Schaffe Platz und versuche es dann noch einmal.",
  },
  storage_failed: {
    message: quoting("Der Datenträger oder die Datenbank hat etwas abgelehnt."),
    hint: "Prüfe, ob der Datenträger verbunden ist und du dort schreiben darfst, und versuche es noch einmal.",
  },
  clock_doubtful: {
    message: quoting("Der Uhr dieses Rechners ist nicht zu trauen."),
    kept: "Nichts ist gegangen: Eine falsche Uhr darf nichts zerstören.",
    hint: "Stelle die Uhr, oder sage, dass sie stimmt.",
  },
  conflict: { message: "Jemand anderes hat gerade zuerst geschrieben.", hint: "Versuche es noch einmal." },
  cancelled: { message: "Angehalten.", hint: null },
  internal: {
    message: quoting("Backstory konnte das nicht zu Ende bringen. Das ist ein Fehler in Backstory."),
    hint: "Versuche es noch einmal. Wenn es wieder geschieht, kopiere die Einzelheiten in einen Bericht.",
  },
};

/** An error in German, or as it is where its code is not known. */
export function inGerman<T extends Said>(error: T): T {
  const known = (germanErrors as Record<string, Sentences | undefined>)[error.code];
  if (!known) return error;
  const { message, kept, hint } = known;
  return {
    ...error,
    message: typeof message === "string" ? message : message(error.message),
    // Where something lies now is worth more than one language.
    kept: /[/\\]/.test(error.kept ?? "") ? error.kept : (kept ?? KEPT),
    hint,
  };
}
