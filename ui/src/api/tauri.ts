// The only file that knows Tauri.
import { Channel, invoke } from "@tauri-apps/api/core";
import { listen as listenTo } from "@tauri-apps/api/event";
import type { Bridge } from "./index";
import type { AppEvent, ProgressEvent } from "./generated/api";

export const tauri: Bridge = {
  call(command, params, onProgress) {
    const progress = new Channel<ProgressEvent>();
    if (onProgress) progress.onmessage = onProgress;
    return invoke("call", { command, params, progress });
  },
  listen(handler) {
    void listenTo<AppEvent>("backstory", (event) => handler(event.payload));
  },
};
