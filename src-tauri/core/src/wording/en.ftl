# What happened to a character, in English. The message names stand in core/src/history/sentences.
# A sentence begins with a capital letter by itself and has no full stop: it may be a part of a longer one.

## Joining
and = { $head } and { $last }
more = { $count } more
act = { $head }: { $parts }
numbers = { $numbers }
named = { $name }
several = { $count } × { $name }
step = { $what } { $from } to { $to }
now = { $what } { $to }
no-more = no { $what } any more

## The first version
first-saved = First saved as { $who }
first-saved-without-class = First saved as { $name }, without a class yet

brought-back = Went back to version { $version }

## Levels and who they are
reached = Reached { $now }
reached-level = Reached level { $level } as { $now }
went-back = Went from level { $from } back to { $to } as { $now }
rebuilt = Rebuilt from { $before } to { $now }
rebuilt-at = Rebuilt at level { $level } as { $now }
lost-classes = No longer { $before }
chose = chose { $now }
gave-up = gave up { $was }
subclass-step = { $was } became { $now }
chose-subclass-of = Chose { $now } as { $class } subclass
changed-subclass = Changed { $class } subclass from { $was } to { $now }
gave-up-subclass-of = Gave up the { $class } subclass { $was }
renamed = Renamed { $was } to { $now }
changed-from = { $what } changed from { $was } to { $now }
is-now = { $what } is now { $now }
taken-away = { $what } { $was } was taken away
species = species
background = background
size = size
joined-campaign = Joined the campaign { $now }
left-campaign = Left the campaign { $was }
moved-campaign = Moved from the campaign { $was } to { $now }
rules-changed = Rules changed from { $was } to { $now }
rules-2014 = 2014
rules-2024 = 2024
rules-mixed = mixed
earned-xp = Earned { $count } XP
xp-set-back = Experience set from { $from } to { $to }
levels-by-xp = Now levels by experience points
levels-by-milestones = Now levels by milestones

## Numbers
ability-str = Strength
ability-dex = Dexterity
ability-con = Constitution
ability-int = Intelligence
ability-wis = Wisdom
ability-cha = Charisma
hit-points = hit points
armor-class = Armor Class
initiative = initiative
proficiency-bonus = proficiency bonus
speed-walk = speed
speed-fly = flying speed
speed-swim = swimming speed
speed-climb = climbing speed
speed-burrow = burrowing speed
sense-blindsight = blindsight
sense-darkvision = darkvision
sense-tremorsense = tremorsense
sense-truesight = truesight
slots = { $level ->
    [1] 1st
    [2] 2nd
    [3] 3rd
   *[other] { $level }th
}-level slots
pact-slots = { $level ->
    [1] 1st
    [2] 2nd
    [3] 3rd
   *[other] { $level }th
}-level pact slots
spell-attack = { $class } spell attack
spell-save-dc = { $class } spell save DC
saving-throw = { $ability } saving throw
checks = { $skill } checks
all-saves = all saving throws { $by }
all-checks = all checks { $by }
passive = passive { $skill }
uses-of = uses of { $name }
charges-of = charges of { $name }

## Features, spells, training
gained = gained { $names }
lost = lost { $names }
repicked = { $what } changed from { $was } to { $now }
now-from = { $name } now comes from { $now }
now-takes = { $name } now takes: { $now }
new-action = new action: { $names }
lost-action = action gone: { $names }
learned = learned { $names }
forgot = forgot { $names }
swapped = swapped { $names }
for = { $was } for { $now }
always-prepared = always prepared now: { $names }
not-always-prepared = no longer always prepared: { $names }
proficient = now proficient: { $names }
no-longer-proficient = no longer proficient: { $names }
rank = { $name }: { $rank }
rank-expertise = expertise
rank-proficient = proficient
rank-half = half proficiency
resists = resistant to { $names }
no-longer-resists = no longer resistant to { $names }
immune = immune to { $names }
no-longer-immune = no longer immune to { $names }
vulnerable = vulnerable to { $names }
no-longer-vulnerable = no longer vulnerable to { $names }
casts-with = casts { $class } spells with { $ability }
no-longer-casts = no longer casts { $class } spells

## Things and coins
bought = Bought { $names } for { $price }: { $purse } left
sold = Sold { $names } for { $price }: { $purse } in the purse
packed = Packed { $names }
parted = Parted with { $names }
equipped = Equipped { $names }
equipped-attuned = Equipped and attuned to { $names }
took-off-unattuned = Took off { $names } and ended the attunement
took-off = Took off { $names }
attuned = Attuned to { $names }
ended-attunement = Ended attunement to { $names }
moved = Moved { $names }
into = { $name } into { $place }
out-of-container = { $name } out of its container
now-is-a = { $name } is now a { $now }
own-name-again = { $name } goes by its own name again
coins-more = Gained { $more }: { $purse } in the purse
coins-less = Spent { $less }: { $purse } in the purse
coins-changed = Gained { $more } and spent { $less }: { $purse } in the purse
coin-pp = { $count } pp
coin-gp = { $count } gp
coin-ep = { $count } ep
coin-sp = { $count } sp
coin-cp = { $count } cp
nothing = nothing

## Notes
wrote = Wrote { $names }
edited = Edited { $names }
cleared = Cleared { $names }
note-on = the note on { $name }
note-age = age
note-alignment = alignment
note-allies = allies
note-appearance = appearance
note-backstory = the backstory
note-bonds = bonds
note-enemies = enemies
note-eyes = eyes
note-faith = faith
note-flaws = flaws
note-gender = gender
note-hair = hair
note-height = height
note-holdings = holdings
note-ideals = ideals
note-organizations = organizations
note-other = other notes
note-personality = personality
note-possessions = possessions
note-skin = skin
note-weight = weight

## Tried again and again in one sitting
tried = { $what }, { $kept }
tried-spells = Swapped spells { $times ->
    [2] twice
   *[other] { $times } times
}
tried-items = Packed and unpacked { $times ->
    [2] twice
   *[other] { $times } times
}
tried-features = Chose features { $times ->
    [2] twice
   *[other] { $times } times
}
tried-abilities = Moved ability scores { $times ->
    [2] twice
   *[other] { $times } times
}
tried-coins = Changed the purse { $times ->
    [2] twice
   *[other] { $times } times
}
tried-notes = Edited notes { $times ->
    [2] twice
   *[other] { $times } times
}
tried-things = Changed things { $times ->
    [2] twice
   *[other] { $times } times
}
kept = kept { $count }
kept-nothing = and back to how it was

## What a rest resets
rested = Rested
lost-hit-points = { $count ->
    [one] Lost 1 hit point
   *[other] Lost { $count } hit points
}, { $now } of { $max } left
regained-hit-points = { $count ->
    [one] regained 1 hit point
   *[other] regained { $count } hit points
}, now { $now } of { $max }
spent = used { $names }
got-back = got back { $names }
count-slots = { $count ->
    [one] { $level ->
        [8] an
       *[other] a
    }
   *[other] { $count }
} { $level ->
    [1] 1st
    [2] 2nd
    [3] 3rd
   *[other] { $level }th
}-level { $count ->
    [one] slot
   *[other] slots
}
count-pact-slots = { $count ->
    [one] a pact slot
   *[other] { $count } pact slots
}
count-hit-dice = { $count ->
    [one] a { $class } hit die
   *[other] { $count } { $class } hit dice
}
count-uses = { $count ->
    [one] { $name }
   *[other] { $name } ({ $count } times)
}
temporary-now = { $count ->
    [one] 1 temporary hit point
   *[other] { $count } temporary hit points
}
temporary-gone = No temporary hit points any more
prepared = Prepared { $names }
no-longer-prepared = No longer prepared: { $names }
condition-now = Now { $names }
condition-gone = No longer { $names }
inspiration-gained = Gained inspiration
inspiration-spent = Spent inspiration
death-saves = Death saves: { $saved } made, { $failed } failed
death-saves-over = Death saves cleared

## Much vanished and nothing explains it
much-is-gone = Much is gone at once: { $lost }. The version before has it all
lost-levels = { $count ->
    [one] a level
   *[other] { $count } levels
}
lost-things = { $count ->
    [one] 1 thing
   *[other] { $count } things
}
lost-spells = { $count ->
    [one] 1 spell
   *[other] { $count } spells
}
lost-features = { $count ->
    [one] 1 feature
   *[other] { $count } features
}
lost-notes = { $count ->
    [one] a note
   *[other] { $count } notes
}

## Messages of the system
notice-saved = A new version was saved
notice-characters = { $count ->
    [one] 1 of your characters changed
   *[other] { $count } of your characters changed
}

## The menu in the system's tray
tray-open = Open Backstory
tray-quit = Quit
tray-folders = { $count ->
    [0] No folder is watched
    [one] Watching 1 folder
   *[other] Watching { $count } folders
}

## Dialogs of the system
dialog-files = Choose character files
dialog-watch = Choose a folder to watch
dialog-library = Choose a library
dialog-library-folder = Choose the folder of a library
dialog-new-library = Where the library is to be from now on
dialog-new-library-folder = An empty folder for the library
dialog-save = Save as
dialog-libraries = Libraries
dialog-characters = Characters
dialog-any = All files

## Receipts of what was erased
consent-notify = The system is asked to tell you what a watched folder brought while the window was not looked at. The message names characters and what changed; the system may keep it.
receipt-title = Backstory: receipt { $number }
receipt-when = Asked for { $from }, done { $to }
receipt-everything = Everything: { $characters ->
    [one] 1 character
   *[other] { $characters } characters
}, { $versions ->
    [one] 1 version
   *[other] { $versions } versions
}
receipt-character = One character: { $versions ->
    [one] 1 version
   *[other] { $versions } versions
}
receipt-store = A store that is not a file of this computer was emptied
receipt-removed = Removed: { $what } ({ $files ->
    [one] 1 file
   *[other] { $files } files
}, { $size })
receipt-sweep = Last look: { $files ->
    [one] 1 file
   *[other] { $files } files
}, { $size } read, { $searched } names, texts and identities searched for; found { $traces ->
    [0] none
    [one] 1 trace
   *[other] { $traces } traces
}
receipt-interrupted = { $count ->
    [one] It was interrupted once and went on
   *[other] It was interrupted { $count } times and went on
}
receipt-log = The audit log ended with entry { $entries }, in the hash { $hash }; the root of its tree was { $root }
receipt-beyond = Not erased, because Backstory cannot: { $what }
receipt-check = This receipt holds nothing about you. `backstory audit --verify-receipt FILE` checks its seal; its number belongs to the key it was sealed with, which is kept nowhere.
place-library = the library
place-copies = copies made before changes
place-set-aside = libraries that were put aside
place-backups = backups Backstory made
place-leftovers = what an interrupted write left
place-settings = settings of the window
place-window-data = data of the window's web engine
place-records = records of watched folders, agreements and requests
place-session = the session with D&D Beyond
place-cache = copies of documents in the cache
beyond-sources = your characters at D&D Beyond or in Foundry
beyond-files = files you imported or exported, and other copies of the library, such as one from before a move
beyond-backups = backups that other programs made of this computer
beyond-server-log = the database server's own log and backups
beyond-object-versions = old versions, if the bucket keeps any
beyond-other-library = other libraries that the configuration names
beyond-configuration = the configuration you wrote
beyond-set-aside = libraries that were put aside
beyond-cache = copies of documents in a cache that did not answer, which end by themselves
beyond-keychain = the session with D&D Beyond, if the keychain that did not open holds one

# What a look at the library and what is around it finds.
check-store-ok = The library answers
check-store-bad = The library does not answer
check-writable-ok = The library can be written to
check-writable-bad = The library can only be read
check-lock-free = No work goes on in the background
check-lock-held = Work goes on in the background: {$job}
check-keychain-ok = The system’s keychain opens
check-keychain-bad = The system’s keychain does not open
check-disk = {$size} free on the disk of the library, {$percent} %
check-cache-ok = The cache answers
check-cache-bad = The cache is passed by; everything is read from the library
check-cache-do = Nothing is lost by it. See whether its server runs and whether its address and password are right; it is tried again by itself.
check-capture-none = Nothing is saved yet
check-capture-ok = Something was last saved
check-backup-none = There is no backup yet
check-backup-ok = {$count ->
    [one] There is one backup, the newest of
   *[other] There are {$count} backups, the newest of
}
check-backup-old = The last backup is old
check-backup-bad = The last backup could not be made
check-backup-do = Make one now, in Storage & health or with backstory backup now.
check-drill-none = No backup was tried yet; that is done once a week
check-drill-ok = The newest backup opens somewhere else and holds what it says
check-drill-old = No backup was tried for a long time
check-drill-bad = The newest backup is not what it says
check-drill-do = Try one now, in Storage & health or with backstory backup drill.
check-verify-none = Not every version was read back yet; that is done once a week
check-verify-ok = {$count ->
    [one] The one version reads back and matches its fingerprint
   *[other] All {$count} versions read back and match their fingerprints
}
check-verify-old = The versions were not read back for a long time
check-verify-bad = A check found damage in the library
check-verify-do = Check now, in Storage & health or with backstory verify --read-data.
check-archive-ok = The archive is there: a version of it was read back
check-archive-bad = A version in the archive cannot be read
check-jobs-ok = Work in the background goes well
check-jobs-bad = Work in the background failed: {$job}

# What the player is told of by itself, and what to do.
alert-storage = The library does not answer.
alert-storage-do = What is saved stays where it is. Look at the reason below, and try again.
alert-errors = {$percent} of 100 answers of the library are failures.
alert-errors-do = Look whether its disk or its server is well. Nothing that was saved is lost by it.
alert-pool = {$count ->
    [one] Once in the last ten minutes, all connections to the server were in use for too long.
   *[other] {$count} times in the last ten minutes, all connections to the server were in use for too long.
}
alert-pool-do = Allow more of them with the key pool.size, or wait until other work is done.
alert-disk = The disk of the library is nearly full: {$size} free, {$percent} %.
alert-disk-do = Make room, or move the library to another disk. Until then a new version may not be saved.
alert-damage = A check found damage in the library.
alert-damage-do = See what is affected with backstory verify --read-data. Bring back a backup where something is lost.
alert-backup = The last backup could not be made.
alert-backup-do = Look at the reason below. The key backup.folder keeps backups in another place.
alert-drill = The newest backup is not what it says.
alert-drill-do = Make a new one now. If it happens again, keep backups on another disk.
alert-slow = Something took {$millis} milliseconds that you had to wait for.
alert-slow-do = Look whether the disk or the server is busy with something else. Storage & health shows what takes how long.
alert-read-only = Nothing can be saved: the library can only be read.
alert-read-only-do = Look who may write to the library’s file or folder, or whether its disk is connected for reading only; then open it again.
alert-cache = The cache does not work; everything is read from the library.
alert-hits = The cache has only {$percent} of 100 things that are looked up.
alert-hits-do = Give it more room in the configuration.
alert-memory = Backstory takes {$size} of memory, {$percent} % of its limit.
alert-memory-do = Close and open it again. The limit is the key alerts.memory_limit_mb.
alert-access = {$count ->
    [one] Something was asked for that whoever asked may not see.
   *[other] {$count} things were asked for in ten minutes that whoever asked may not see.
}
alert-access-do = If that was not you, tell whoever looks after the library.
alert-silent = {$count ->
    [one] Nothing came in for a day from the watched folder {$folder}.
   *[other] Nothing came in for {$count} days from the watched folder {$folder}.
}
alert-silent-do = Look whether whatever saves files there still runs, or watch the folder no longer.
