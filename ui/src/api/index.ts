// The door to the program behind the window. Everything else in the UI calls through here and knows nothing of Tauri.
import type { AppEvent, Commands, ProgressEvent, WireError } from "./generated/api";

export type * from "./generated/api";

export type Command = keyof Commands;
export type OnProgress = (event: ProgressEvent) => void;

/** What carries commands and events: Tauri in the app, a double in tests. */
export interface Bridge {
  call<C extends Command>(
    command: C,
    params: Commands[C][0],
    onProgress?: OnProgress,
  ): Promise<Commands[C][1]>;
  listen(handler: (event: AppEvent) => void): void;
}

let bridge: Bridge | undefined;

/** Chooses the bridge. Called once, before anything is drawn. */
export function connect(to: Bridge): void {
  bridge = to;
}

/** Runs a command. Rejects with a {@link WireError}, whatever went wrong. */
export async function call<C extends Command>(
  command: C,
  params: Commands[C][0],
  onProgress?: OnProgress,
): Promise<Commands[C][1]> {
  if (!bridge) throw toWireError("The window is not connected to the program.");
  try {
    return await bridge.call(command, params, onProgress);
  } catch (error) {
    throw toWireError(error);
  }
}

/** Hears what the program tells its windows unasked. */
export function listen(handler: (event: AppEvent) => void): void {
  bridge?.listen(handler);
}

/** Gives every failure the three parts that a person needs, also those that never reached the program. */
export function toWireError(error: unknown): WireError {
  if (isWireError(error)) return error;
  return {
    code: "internal",
    message: "Backstory could not finish this.",
    kept: "Your saved versions are not affected.",
    hint: "Try again. If it happens again, close Backstory and open it anew.",
    retryable: true,
    details: { cause: String(error) },
  };
}

function isWireError(error: unknown): error is WireError {
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
