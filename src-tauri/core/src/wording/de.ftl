# Was einem Charakter geschah, auf Deutsch. Namen aus dem Dokument bleiben, wie sie dort stehen.

## Verbinden
and = { $head } und { $last }
more = { $count } weitere
act = { $head }: { $parts }
numbers = { $numbers }
named = { $name }
several = { $count } × { $name }
step = { $what } { $from } auf { $to }
now = { $what } { $to }
no-more = { $what }: nicht mehr

## Die erste Fassung
first-saved = Zum ersten Mal gesichert: { $who }
first-saved-without-class = Zum ersten Mal gesichert: { $name }, noch ohne Klasse
brought-back = Zurück zu Version { $version }

## Stufen und wer sie sind
reached = { $now } erreicht
reached-level = Stufe { $level } erreicht als { $now }
went-back = Von Stufe { $from } zurück auf { $to } als { $now }
rebuilt = Umgebaut von { $before } zu { $now }
rebuilt-at = Umgebaut auf Stufe { $level } als { $now }
lost-classes = Nicht mehr { $before }
chose = { $now } gewählt
gave-up = { $was } aufgegeben
subclass-step = { $was } wurde { $now }
chose-subclass-of = { $now } als Unterklasse von { $class } gewählt
changed-subclass = Unterklasse von { $class } gewechselt, von { $was } zu { $now }
gave-up-subclass-of = Unterklasse { $was } von { $class } aufgegeben
renamed = { $was } in { $now } umbenannt
changed-from = { $what } von { $was } zu { $now } geändert
is-now = { $what } ist jetzt { $now }
taken-away = { $what } { $was } fiel weg
species = Spezies
background = Hintergrund
size = Größe
joined-campaign = Der Kampagne { $now } beigetreten
left-campaign = Die Kampagne { $was } verlassen
moved-campaign = Von der Kampagne { $was } zu { $now } gewechselt
rules-changed = Regeln von { $was } zu { $now } geändert
rules-2014 = 2014
rules-2024 = 2024
rules-mixed = gemischt
earned-xp = { $count } EP verdient
xp-set-back = Erfahrung von { $from } auf { $to } gesetzt
levels-by-xp = Steigt jetzt durch Erfahrungspunkte auf
levels-by-milestones = Steigt jetzt durch Meilensteine auf

## Zahlen
ability-str = Stärke
ability-dex = Geschicklichkeit
ability-con = Konstitution
ability-int = Intelligenz
ability-wis = Weisheit
ability-cha = Charisma
hit-points = Trefferpunkte
armor-class = Rüstungsklasse
initiative = Initiative
proficiency-bonus = Übungsbonus
speed-walk = Bewegungsrate
speed-fly = Flugrate
speed-swim = Schwimmrate
speed-climb = Kletterrate
speed-burrow = Grabrate
sense-blindsight = Blindsicht
sense-darkvision = Dunkelsicht
sense-tremorsense = Erschütterungssinn
sense-truesight = Wahrsicht
slots = Zauberplätze des { $level }. Grades
pact-slots = Paktplätze des { $level }. Grades
spell-attack = Zauberangriff ({ $class })
spell-save-dc = Zauberrettungswurf-SG ({ $class })
saving-throw = { $ability }-Rettungswurf
checks = { $skill }-Würfe
all-saves = alle Rettungswürfe { $by }
all-checks = alle Würfe { $by }
passive = passive { $skill }
uses-of = Anwendungen von { $name }
charges-of = Ladungen von { $name }

## Merkmale, Zauber, Übung
gained = { $names } erhalten
lost = { $names } verloren
repicked = { $what } von { $was } zu { $now } geändert
now-from = { $name } kommt jetzt von { $now }
now-takes = { $name } braucht jetzt: { $now }
new-action = neue Aktion: { $names }
lost-action = Aktion fällt weg: { $names }
learned = { $names } gelernt
forgot = { $names } verlernt
swapped = { $names } getauscht
for = { $was } gegen { $now }
always-prepared = jetzt immer vorbereitet: { $names }
not-always-prepared = nicht mehr immer vorbereitet: { $names }
proficient = jetzt geübt: { $names }
no-longer-proficient = nicht mehr geübt: { $names }
rank = { $name }: { $rank }
rank-expertise = Expertise
rank-proficient = geübt
rank-half = halb geübt
resists = resistent gegen { $names }
no-longer-resists = nicht mehr resistent gegen { $names }
immune = immun gegen { $names }
no-longer-immune = nicht mehr immun gegen { $names }
vulnerable = anfällig für { $names }
no-longer-vulnerable = nicht mehr anfällig für { $names }
casts-with = wirkt { $class }-Zauber mit { $ability }
no-longer-casts = wirkt keine { $class }-Zauber mehr

## Dinge und Münzen
bought = { $names } für { $price } gekauft: noch { $purse }
sold = { $names } für { $price } verkauft: { $purse } im Beutel
packed = { $names } eingepackt
parted = Nicht mehr dabei: { $names }
equipped = { $names } angelegt
equipped-attuned = { $names } angelegt und darauf eingestimmt
took-off-unattuned = { $names } abgelegt, Einstimmung beendet
took-off = { $names } abgelegt
attuned = Auf { $names } eingestimmt
ended-attunement = Einstimmung auf { $names } beendet
moved = Umgepackt: { $names }
into = { $name } in { $place }
out-of-container = { $name } aus dem Behälter
now-is-a = { $name } ist jetzt ein { $now }
own-name-again = { $name } trägt wieder seinen eigenen Namen
coins-more = { $more } dazu: { $purse } im Beutel
coins-less = { $less } ausgegeben: { $purse } im Beutel
coins-changed = { $more } dazu, { $less } ausgegeben: { $purse } im Beutel
coin-pp = { $count } PM
coin-gp = { $count } GM
coin-ep = { $count } EM
coin-sp = { $count } SM
coin-cp = { $count } KM
nothing = nichts

## Notizen
wrote = Geschrieben: { $names }
edited = Bearbeitet: { $names }
cleared = Geleert: { $names }
note-on = Notiz zu { $name }
note-age = Alter
note-alignment = Gesinnung
note-allies = Verbündete
note-appearance = Aussehen
note-backstory = Hintergrundgeschichte
note-bonds = Bindungen
note-enemies = Feinde
note-eyes = Augen
note-faith = Glaube
note-flaws = Makel
note-gender = Geschlecht
note-hair = Haare
note-height = Körpergröße
note-holdings = Besitztümer
note-ideals = Ideale
note-organizations = Organisationen
note-other = andere Notizen
note-personality = Persönlichkeit
note-possessions = persönliche Habe
note-skin = Haut
note-weight = Gewicht

## In einer Sitzung immer wieder probiert
tried = { $what }, { $kept }
tried-spells = { $times ->
    [2] zweimal
   *[other] { $times }-mal
} Zauber getauscht
tried-items = { $times ->
    [2] zweimal
   *[other] { $times }-mal
} ein- und ausgepackt
tried-features = { $times ->
    [2] zweimal
   *[other] { $times }-mal
} Merkmale gewählt
tried-abilities = { $times ->
    [2] zweimal
   *[other] { $times }-mal
} Attributswerte verschoben
tried-coins = { $times ->
    [2] zweimal
   *[other] { $times }-mal
} den Geldbeutel geändert
tried-notes = { $times ->
    [2] zweimal
   *[other] { $times }-mal
} Notizen bearbeitet
tried-things = { $times ->
    [2] zweimal
   *[other] { $times }-mal
} etwas geändert
kept = { $count } behalten
kept-nothing = am Ende wie zuvor

## Was eine Rast zurücksetzt
rested = Gerastet
lost-hit-points = { $count ->
    [one] 1 Trefferpunkt
   *[other] { $count } Trefferpunkte
} verloren, noch { $now } von { $max }
regained-hit-points = { $count ->
    [one] 1 Trefferpunkt
   *[other] { $count } Trefferpunkte
} zurück, jetzt { $now } von { $max }
spent = { $names } verbraucht
got-back = { $names } zurück
count-slots = { $count ->
    [one] ein Zauberplatz
   *[other] { $count } Zauberplätze
} des { $level }. Grades
count-pact-slots = { $count ->
    [one] ein Paktplatz
   *[other] { $count } Paktplätze
}
count-hit-dice = { $count ->
    [one] ein { $class }-Trefferwürfel
   *[other] { $count } { $class }-Trefferwürfel
}
count-uses = { $count ->
    [one] { $name }
   *[other] { $name } ({ $count }-mal)
}
temporary-now = { $count ->
    [one] 1 temporärer Trefferpunkt
   *[other] { $count } temporäre Trefferpunkte
}
temporary-gone = Keine temporären Trefferpunkte mehr
prepared = Vorbereitet: { $names }
no-longer-prepared = Nicht mehr vorbereitet: { $names }
condition-now = Jetzt { $names }
condition-gone = Nicht mehr { $names }
inspiration-gained = Inspiration erhalten
inspiration-spent = Inspiration verbraucht
death-saves = Todesrettungswürfe: { $saved } geschafft, { $failed } misslungen
death-saves-over = Todesrettungswürfe zurückgesetzt

## Vieles ist verschwunden, und nichts erklärt es
much-is-gone = Vieles ist auf einmal weg: { $lost }. Die Fassung davor hat noch alles
lost-levels = { $count ->
    [one] eine Stufe
   *[other] { $count } Stufen
}
lost-things = { $count ->
    [one] 1 Ding
   *[other] { $count } Dinge
}
lost-spells = { $count ->
    [one] 1 Zauber
   *[other] { $count } Zauber
}
lost-features = { $count ->
    [one] 1 Merkmal
   *[other] { $count } Merkmale
}
lost-notes = { $count ->
    [one] eine Notiz
   *[other] { $count } Notizen
}

## Nachrichten des Systems
notice-saved = Eine neue Fassung wurde gespeichert
notice-characters = { $count ->
    [one] 1 deiner Figuren hat sich verändert
   *[other] { $count } deiner Figuren haben sich verändert
}

## Das Menü im Infobereich des Systems
tray-open = Backstory öffnen
tray-quit = Beenden
tray-folders = { $count ->
    [0] Kein Ordner wird beobachtet
    [one] 1 Ordner wird beobachtet
   *[other] { $count } Ordner werden beobachtet
}

## Dialoge des Systems
dialog-files = Dateien von Figuren wählen
dialog-watch = Ordner wählen, der beobachtet wird
dialog-library = Bibliothek wählen
dialog-library-folder = Ordner einer Bibliothek wählen
dialog-new-library = Wo die Bibliothek künftig liegen soll
dialog-new-library-folder = Ein leerer Ordner für die Bibliothek
dialog-save = Speichern unter
dialog-libraries = Bibliotheken
dialog-characters = Figuren
dialog-any = Alle Dateien

## Belege über Gelöschtes
consent-notify = Das System wird gebeten, dir zu sagen, was ein beobachteter Ordner brachte, während das Fenster nicht angesehen wurde. Die Nachricht nennt Figuren und was sich änderte; das System bewahrt sie vielleicht auf.
receipt-title = Backstory: Beleg { $number }
receipt-when = Verlangt { $from }, getan { $to }
receipt-everything = Alles: { $characters ->
    [one] 1 Figur
   *[other] { $characters } Figuren
}, { $versions ->
    [one] 1 Fassung
   *[other] { $versions } Fassungen
}
receipt-character = Eine Figur: { $versions ->
    [one] 1 Fassung
   *[other] { $versions } Fassungen
}
receipt-store = Ein Speicher wurde geleert, der keine Datei dieses Rechners ist
receipt-removed = Entfernt: { $what } ({ $files ->
    [one] 1 Datei
   *[other] { $files } Dateien
}, { $size })
receipt-sweep = Letzter Blick: { $files ->
    [one] 1 Datei
   *[other] { $files } Dateien
}, { $size } gelesen, { $searched } Namen, Texte und Kennungen gesucht; { $traces ->
    [0] keine Spur
    [one] 1 Spur
   *[other] { $traces } Spuren
} gefunden
receipt-interrupted = { $count ->
    [one] Es wurde einmal unterbrochen und danach fortgesetzt
   *[other] Es wurde { $count }-mal unterbrochen und danach fortgesetzt
}
receipt-log = Das Protokoll endete mit Eintrag { $entries }, im Hash { $hash }; die Wurzel seines Baums war { $root }
receipt-beyond = Nicht gelöscht, weil Backstory es nicht kann: { $what }
receipt-check = Dieser Beleg enthält nichts über dich. `backstory audit --verify-receipt DATEI` prüft sein Siegel; seine Nummer gehört zu dem Schlüssel, mit dem er gesiegelt wurde und der nirgends aufbewahrt wird.
place-library = die Bibliothek
place-copies = Kopien von vor Änderungen
place-set-aside = beiseitegelegte Bibliotheken
place-backups = Sicherungen, die Backstory angelegt hat
place-leftovers = was ein abgebrochener Schreibvorgang hinterließ
place-settings = Einstellungen des Fensters
place-window-data = Daten der Web-Anzeige des Fensters
place-records = Aufzeichnungen über beobachtete Ordner, Einwilligungen und Anfragen
place-session = die Sitzung bei D&D Beyond
place-cache = Kopien von Dokumenten im Zwischenspeicher
beyond-sources = deine Figuren bei D&D Beyond oder in Foundry
beyond-files = Dateien, die du importiert oder exportiert hast, und weitere Kopien der Bibliothek, etwa die von vor einem Umzug
beyond-backups = Sicherungen dieses Rechners durch andere Programme
beyond-server-log = das eigene Protokoll und die Sicherungen des Datenbankservers
beyond-object-versions = alte Fassungen, falls der Bucket welche aufhebt
beyond-other-library = weitere Bibliotheken, die in der Konfiguration stehen
beyond-configuration = die Konfiguration, die du geschrieben hast
beyond-set-aside = beiseitegelegte Bibliotheken
beyond-cache = Kopien von Dokumenten in einem Zwischenspeicher, der nicht antwortete; sie enden von selbst
beyond-keychain = die Sitzung bei D&D Beyond, falls der Schlüsselbund, der sich nicht öffnete, eine enthält

# Was ein Blick auf die Bibliothek und ihre Umgebung findet.
check-store-ok = Die Bibliothek antwortet
check-store-bad = Die Bibliothek antwortet nicht
check-writable-ok = In die Bibliothek kann geschrieben werden
check-writable-bad = Die Bibliothek kann nur gelesen werden
check-lock-free = Im Hintergrund läuft keine Arbeit
check-lock-held = Im Hintergrund läuft Arbeit: {$job}
check-keychain-ok = Der Schlüsselbund des Systems öffnet sich
check-keychain-bad = Der Schlüsselbund des Systems öffnet sich nicht
check-disk = {$size} frei auf dem Datenträger der Bibliothek, {$percent} %
check-cache-ok = Der Zwischenspeicher antwortet
check-cache-bad = Der Zwischenspeicher wird übergangen; alles wird aus der Bibliothek gelesen
check-cache-do = Es geht nichts verloren. Sieh nach, ob sein Server läuft und ob Adresse und Passwort stimmen; er wird von selbst wieder versucht.
check-capture-none = Noch ist nichts gespeichert
check-capture-ok = Zuletzt wurde etwas gespeichert
check-backup-none = Noch gibt es keine Sicherung
check-backup-ok = {$count ->
    [one] Es gibt eine Sicherung, die neueste vom
   *[other] Es gibt {$count} Sicherungen, die neueste vom
}
check-backup-old = Die letzte Sicherung ist alt
check-backup-bad = Die letzte Sicherung konnte nicht angelegt werden
check-backup-do = Lege jetzt eine an: unter Speicher & Zustand oder mit backstory backup now.
check-drill-none = Noch wurde keine Sicherung ausprobiert; das geschieht einmal in der Woche
check-drill-ok = Die neueste Sicherung lässt sich anderswo öffnen und enthält, was sie sagt
check-drill-old = Lange wurde keine Sicherung ausprobiert
check-drill-bad = Die neueste Sicherung ist nicht, was sie sagt
check-drill-do = Probiere jetzt eine aus: unter Speicher & Zustand oder mit backstory backup drill.
check-verify-none = Noch wurde nicht jede Fassung zurückgelesen; das geschieht einmal in der Woche
check-verify-ok = {$count ->
    [one] Die eine Fassung ließ sich zurücklesen und gleicht ihrem Fingerabdruck
   *[other] Alle {$count} Fassungen ließen sich zurücklesen und gleichen ihren Fingerabdrücken
}
check-verify-old = Die Fassungen wurden lange nicht zurückgelesen
check-verify-bad = Eine Prüfung fand Schaden in der Bibliothek
check-verify-do = Prüfe jetzt: unter Speicher & Zustand oder mit backstory verify --read-data.
check-archive-ok = Das Archiv ist da: Eine Fassung daraus wurde zurückgelesen
check-archive-bad = Eine Fassung im Archiv kann nicht gelesen werden
check-jobs-ok = Die Arbeit im Hintergrund geht gut voran
check-jobs-bad = Arbeit im Hintergrund schlug fehl: {$job}

# Was von selbst gesagt wird, und was zu tun ist.
alert-storage = Die Bibliothek antwortet nicht.
alert-storage-do = Was gespeichert ist, bleibt, wo es ist. Sieh dir den Grund an und versuche es noch einmal.
alert-errors = Von 100 Antworten der Bibliothek sind {$percent} Fehler.
alert-errors-do = Sieh nach, ob ihr Datenträger oder ihr Server in Ordnung ist. Gespeichertes geht dadurch nicht verloren.
alert-pool = {$count ->
    [one] Einmal in den letzten zehn Minuten waren alle Verbindungen zum Server zu lange belegt.
   *[other] {$count}-mal in den letzten zehn Minuten waren alle Verbindungen zum Server zu lange belegt.
}
alert-pool-do = Erlaube mehr davon mit dem Schlüssel pool.size, oder warte, bis andere Arbeit getan ist.
alert-disk = Der Datenträger der Bibliothek ist fast voll: {$size} frei, {$percent} %.
alert-disk-do = Schaffe Platz oder lege die Bibliothek auf einen anderen Datenträger. Bis dahin lässt sich vielleicht keine neue Fassung speichern.
alert-damage = Eine Prüfung fand Schaden in der Bibliothek.
alert-damage-do = Was betroffen ist, zeigt backstory verify --read-data. Ist etwas verloren, hole eine Sicherung zurück.
alert-backup = Die letzte Sicherung konnte nicht angelegt werden.
alert-backup-do = Sieh dir den Grund an. Der Schlüssel backup.folder legt Sicherungen an einen anderen Ort.
alert-drill = Die neueste Sicherung ist nicht, was sie sagt.
alert-drill-do = Lege jetzt eine neue an. Geschieht es wieder, bewahre Sicherungen auf einem anderen Datenträger auf.
alert-slow = Etwas, worauf du warten musstest, dauerte {$millis} Millisekunden.
alert-slow-do = Sieh nach, ob der Datenträger oder der Server mit anderem beschäftigt ist. Speicher & Zustand zeigt, was wie lange dauert.
alert-read-only = Es kann nichts gespeichert werden: Die Bibliothek kann nur gelesen werden.
alert-read-only-do = Sieh nach, wer in die Datei oder den Ordner der Bibliothek schreiben darf und ob ihre Platte nur zum Lesen eingebunden ist; öffne sie dann neu.
alert-cache = Der Zwischenspeicher arbeitet nicht; alles wird aus der Bibliothek gelesen.
alert-hits = Der Zwischenspeicher hat nur {$percent} von 100 Dingen, nach denen gefragt wird.
alert-hits-do = Gib ihm in der Konfiguration mehr Platz.
alert-memory = Backstory belegt {$size} Arbeitsspeicher, {$percent} % seiner Grenze.
alert-memory-do = Schließe und öffne es wieder. Die Grenze ist der Schlüssel alerts.memory_limit_mb.
alert-access = {$count ->
    [one] Es wurde nach etwas gefragt, das nicht gesehen werden darf.
   *[other] In zehn Minuten wurde {$count}-mal nach etwas gefragt, das nicht gesehen werden darf.
}
alert-access-do = Warst das nicht du, sage es dem, der sich um die Bibliothek kümmert.
alert-silent = {$count ->
    [one] Seit einem Tag kam nichts aus dem beobachteten Ordner {$folder}.
   *[other] Seit {$count} Tagen kam nichts aus dem beobachteten Ordner {$folder}.
}
alert-silent-do = Sieh nach, ob noch läuft, was dort Dateien speichert, oder beobachte den Ordner nicht mehr.
