// The watched folders as the page knows them: answers that overtake each other.
import { describe, expect, it, vi } from "vitest";
import { connect, type Bridge } from "../src/api";
import type { WatchedFolder } from "../src/api/generated/api";
import { imports } from "../src/state/imports.svelte";

const folder = (looked_at: string | null): WatchedFolder => ({
  path: "/home/player/Downloads",
  error: null,
  looked_at,
  taken: 0,
  files: [],
});

describe("watched folders", () => {
  it("stay as they were told last, when the answer to adding one comes after the first look at it", async () => {
    const asked: { command: string; answer: (folders: WatchedFolder[]) => void }[] = [];
    const call = (command: string) => new Promise((answer) => asked.push({ command, answer }));
    connect({ call, listen: () => undefined } as unknown as Bridge);

    const adding = imports.addFolder();
    const told = imports.refreshFolders();
    asked[1]!.answer([folder("2026-11-30T19:00:00Z")]);
    await told;
    asked[0]!.answer([folder(null)]);
    await vi.waitFor(() =>
      expect(asked.map(({ command }) => command)).toEqual(["watch.add", "watch.list", "watch.list"]),
    );
    const later = imports.refreshFolders();
    asked[3]!.answer([folder("2026-11-30T19:00:09Z")]);
    await later;
    asked[2]!.answer([folder("2026-11-30T19:00:01Z")]);
    await adding;
    expect(imports.folders[0]?.looked_at).toBe("2026-11-30T19:00:09Z");
  });
});
