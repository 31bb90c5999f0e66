// What the palette can run now. A command that would do nothing is not in the list.
import { actions, type Action } from "../../state/actions.svelte";
import { app } from "../../state/app.svelte";
import { noFilter } from "../../state/filter";
import { imports } from "../../state/imports.svelte";
import { router } from "../../state/router.svelte";
import { t } from "../../text";

export function commandsFor(onshortcuts: () => void): Action[] {
  const commands: Action[] = [
    ...actions.here.filter((action) => action.off === undefined),
    command(t.palette.goCharacters, () => router.go({ name: "characters", filter: noFilter })),
    command(t.palette.goImport, () => router.go({ name: "import" })),
  ];
  if (app.canWrite) commands.push(command(t.palette.chooseFiles, () => void imports.choose(), "Ctrl O"));
  commands.push(
    app.preferences.layout === "grid"
      ? command(t.palette.rows, () => void app.prefer({ layout: "list" }))
      : command(t.palette.grid, () => void app.prefer({ layout: "grid" })),
  );
  for (const theme of ["system", "light", "dark"] as const) {
    if (theme === app.preferences.theme) continue;
    commands.push(command(t.palette.theme(t.theme.names[theme]), () => void app.prefer({ theme })));
  }
  if (app.overview?.sample) commands.push(command(t.palette.leaveSample, () => void app.closeSamples()));
  else commands.push(command(t.palette.sample, () => void app.openSamples()));
  commands.push(command(t.palette.shortcuts, onshortcuts, "?"));
  return commands;
}

const command = (label: string, run: () => void, side = ""): Action => ({ label, side, run });
