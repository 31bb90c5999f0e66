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

## Dialoge des Systems
dialog-files = Dateien von Figuren wählen
dialog-watch = Ordner wählen, der beobachtet wird
dialog-library = Bibliothek wählen
dialog-library-folder = Ordner einer Bibliothek wählen
dialog-save = Speichern unter
dialog-libraries = Bibliotheken
dialog-characters = Figuren
dialog-any = Alle Dateien

## Belege über Gelöschtes
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
receipt-beyond = Nicht gelöscht, weil Backstory es nicht kann: { $what }
receipt-check = Dieser Beleg enthält nichts über dich. `backstory audit --verify-receipt DATEI` prüft sein Siegel; seine Nummer gehört zu dem Schlüssel, mit dem er gesiegelt wurde und der nirgends aufbewahrt wird.
place-library = die Bibliothek
place-copies = Kopien von vor Änderungen
place-set-aside = beiseitegelegte Bibliotheken
place-leftovers = was ein abgebrochener Schreibvorgang hinterließ
place-settings = Einstellungen des Fensters
place-window-data = Daten der Web-Anzeige des Fensters
place-records = Aufzeichnungen über beobachtete Ordner, Einwilligungen und Anfragen
place-session = die Sitzung bei D&D Beyond
place-cache = Kopien von Dokumenten im Zwischenspeicher
beyond-sources = deine Figuren bei D&D Beyond oder in Foundry
beyond-files = Dateien, die du importiert oder exportiert hast
beyond-backups = Sicherungen dieses Rechners durch andere Programme
beyond-server-log = das eigene Protokoll und die Sicherungen des Datenbankservers
beyond-object-versions = alte Fassungen, falls der Bucket welche aufhebt
beyond-other-library = weitere Bibliotheken, die in der Konfiguration stehen
beyond-configuration = die Konfiguration, die du geschrieben hast
beyond-set-aside = beiseitegelegte Bibliotheken
beyond-cache = Kopien von Dokumenten in einem Zwischenspeicher, der nicht antwortete; sie enden von selbst
beyond-keychain = die Sitzung bei D&D Beyond, falls der Schlüsselbund, der sich nicht öffnete, eine enthält
