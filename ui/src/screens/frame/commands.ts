// What the palette can run now. A command that would do nothing is not in the list.
import { actions, type Action } from "../../state/actions.svelte";
import { app } from "../../state/app.svelte";
import { characters } from "../../state/characters.svelte";
import { exports } from "../../state/exports.svelte";
import { moving } from "../../state/moving.svelte";
import { noFilter } from "../../state/filter";
import { imports } from "../../state/imports.svelte";
import { pins } from "../../state/pins.svelte";
import { router } from "../../state/router.svelte";
import { t } from "../../text";

export function commandsFor(onshortcuts: () => void): Action[] {
  const commands: Action[] = [
    ...actions.here.filter((action) => action.off === undefined),
    command(t.palette.goCharacters, () => router.go({ name: "characters", filter: noFilter })),
    command(t.palette.goActivity, () => router.go({ name: "activity" })),
    command(t.palette.goImport, () => router.go({ name: "import" })),
  ];
  commands.push(
    command(t.palette.goSettings, () => router.go({ name: "settings" }), "Ctrl ,"),
    command(t.palette.goStorage, () => router.go({ name: "storage" })),
    command(t.palette.goPrivacy, () => router.go({ name: "privacy" })),
    command(t.palette.goHelp, () => router.go({ name: "help" }), "F1"),
  );
  if (app.overview?.facets.characters)
    commands.push(command(t.export.actionAll, () => exports.ask(null), "Ctrl E"));
  if (app.canWrite) {
    commands.push(
      command(t.palette.chooseFiles, () => void imports.choose(), "Ctrl O"),
      ...(["paste", "link"] as const).map((tab) =>
        command(t.palette.importBy(t.import.tabs[tab]), () => imports.show(tab)),
      ),
      command(t.palette.addFolder, () => {
        imports.show("folders");
        void imports.addFolder();
      }),
    );
  }
  if (app.overview && !app.overview.sample)
    commands.push(
      command(t.palette.showLibrary, () => void app.showLibrary()),
      command(t.move.action, () => moving.ask()),
    );
  const { route } = router;
  const shown = route.name === "character" ? characters.open(route.id, app.epoch).index : null;
  if (shown && !app.overview?.sample) {
    const label = pins.has(shown.id) ? t.library.unpin(shown.name) : t.library.pin(shown.name);
    commands.push(command(label, () => void pins.toggle(shown)));
  }
  for (const step of [-1, 1] as const)
    commands.push(
      command(step < 0 ? t.settings.smaller : t.settings.larger, () => void app.resizeText(step)),
    );
  commands.push(
    app.preferences.layout === "grid"
      ? command(t.palette.rows, () => void app.prefer({ layout: "list" }))
      : command(t.palette.grid, () => void app.prefer({ layout: "grid" })),
  );
  for (const theme of ["system", "light", "dark"] as const) {
    if (theme === app.preferences.theme) continue;
    commands.push(command(t.palette.theme(t.theme.names[theme]), () => void app.prefer({ theme })));
  }
  if (app.overview?.can_notify) {
    const { notify } = app.preferences;
    commands.push(
      command(notify ? t.palette.notifyOff : t.palette.notifyOn, () => void app.prefer({ notify: !notify })),
    );
  }
  if (app.overview?.can_stay) {
    const { stay } = app.preferences;
    commands.push(
      command(stay ? t.palette.stayOff : t.palette.stayOn, () => void app.prefer({ stay: !stay })),
    );
  }
  if (app.overview?.sample) commands.push(command(t.palette.leaveSample, () => void app.closeSamples()));
  else commands.push(command(t.palette.sample, () => void app.openSamples()));
  commands.push(command(t.palette.shortcuts, onshortcuts, "?"));
  return commands;
}

const command = (label: string, run: () => void, side = ""): Action => ({ label, side, run });
