import { render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import TimelineLine from "../src/screens/character/TimelineLine.svelte";
import { placeOf, timelineRows, type TimelineOptions, type TimelineRow } from "../src/state/timeline";
import { rekorHistory } from "./fake/rekor";

const plain: TimelineOptions = { open: new Set(), quiet: false, landmarks: false, find: "", hits: new Map() };
const rowsOf = (options: Partial<TimelineOptions> = {}) =>
  timelineRows(rekorHistory, [], { ...plain, ...options });
const folds = (rows: TimelineRow[]) => rows.filter((row) => row.type === "fold");
const events = (rows: TimelineRow[]) =>
  rows.flatMap((row) => (row.type === "event" ? row.entry.version : []));

describe("the timeline", () => {
  it("is newest first and says a day once", () => {
    const rows = rowsOf();
    const days = rows.flatMap((row) => (row.type === "day" ? row.at : []));
    expect(days).toHaveLength(new Set(days.map((at) => at.slice(0, 10))).size);
    const versions = events(rows);
    expect(versions).toEqual([...versions].sort((a, b) => b - a));
  });

  it("folds a quiet stretch into one line that counts every check in it", () => {
    const [newest, ...older] = folds(rowsOf());
    expect(newest).toMatchObject({ checks: 35, newest: true, hides: 1 });
    expect(older.map((fold) => fold.checks)).toEqual([50, 182, 12]);
  });

  it("counts sightings of an event as checks after it", () => {
    const [first] = rekorHistory.slice(-1);
    const seen = { ...first!, seen: { last: "2026-10-25T00:00:00Z", count: 8 } };
    const rows = timelineRows([seen], [], plain);
    expect(folds(rows)).toMatchObject([{ checks: 7, hides: 0, to: "2026-10-25T00:00:00Z" }]);
  });

  it("opens one fold, or all of them", () => {
    const [first] = folds(rowsOf());
    expect(rowsOf({ open: new Set([first!.key]) }).filter((row) => row.type === "quiet")).toHaveLength(1);
    expect(rowsOf({ quiet: true }).filter((row) => row.type === "quiet")).toHaveLength(
      rekorHistory.filter((entry) => entry.kind === "quiet" || entry.kind === "state").length,
    );
  });

  it("finds a change in any sentence and in names, and shows no folds then", () => {
    const found = rowsOf({ find: "fireball" });
    expect(events(found)).toHaveLength(1);
    expect(folds(found)).toHaveLength(0);
    expect(events(rowsOf({ find: "before the DRAGON" }))).toHaveLength(1);
    expect(events(rowsOf({ find: "trusted the bard" }))).toHaveLength(1);
    expect(rowsOf({ find: "no such thing" })).toEqual([]);
  });

  it("keeps landmarks and what is kept for ever", () => {
    const versions = events(rowsOf({ landmarks: true }));
    expect(versions.length).toBeGreaterThan(4);
    for (const version of versions) {
      const entry = rekorHistory.find((candidate) => candidate.version === version)!;
      expect(entry.landmark || entry.pinned || entry.tags.length > 0).toBe(true);
    }
  });

  it("says where a day of several events led", () => {
    const [day] = rowsOf().filter((row) => row.type === "day");
    expect(day).toMatchObject({ levels: [8, 9] });
  });
});

describe("a burst", () => {
  const swaps = [5, 4, 3, 2, 1].map((version) => ({
    ...rekorHistory[0]!,
    version,
    kind: version === 3 ? ("quiet" as const) : ("change" as const),
    captured_at: `2026-10-25T10:0${version}:00Z`,
    session: "2026-10-25T10:01:00Z",
    seen: { last: `2026-10-25T10:0${version}:00Z`, count: 1 },
  }));
  const burst = {
    first: 2,
    last: 4,
    changes: 2,
    topic: "spells" as const,
    headline: "Swapped spells twice, kept 1",
    sentences: ["Learned Jump"],
  };
  const shape = (options: Partial<TimelineOptions>) =>
    timelineRows(swaps, [burst], { ...plain, ...options }).map((row) =>
      row.type === "event" ? `${row.inBurst ? "in " : ""}${row.entry.version}` : row.type,
    );

  it("is one line, and opens into its changes", () => {
    expect(shape({})).toEqual(["day", "5", "burst", "1"]);
    const opened = ["day", "5", "burst", "in 4", "fold", "in 2", "1"];
    expect(shape({ open: new Set(["burst-4"]) })).toEqual(opened);
    expect(shape({ find: "reached" })).not.toContain("burst");
  });

  it("stands for the versions in it while it is closed", () => {
    const closed = timelineRows(swaps, [burst], plain);
    expect([5, 4, 3, 2, 1].map((version) => placeOf(closed, swaps, version))).toEqual([1, 2, 2, 2, 3]);
    const opened = timelineRows(swaps, [burst], { ...plain, open: new Set(["burst-4"]) });
    expect(placeOf(opened, swaps, 2)).toBe(5);
  });

  it("says what was tried, what it came to, and from when to when", () => {
    const row = {
      type: "burst" as const,
      key: "burst-4",
      burst,
      from: swaps[3]!,
      to: swaps[1]!,
      open: false,
    };
    render(TimelineLine, { row, rowindex: 1, selected: false, first: true, focused: false, onact: () => {} });
    expect(screen.getByText("Swapped spells twice, kept 1")).toBeTruthy();
    expect(screen.getByText("Learned Jump")).toBeTruthy();
    expect(screen.getByRole("row").getAttribute("aria-expanded")).toBe("false");
  });
});

describe("a line of the timeline", () => {
  const shown = (change: object) => {
    const entry = { ...rekorHistory.find((entry) => entry.note !== null)!, ...change };
    const row = { type: "event" as const, key: "v-1", entry, otherDay: false, inBurst: false, hit: null };
    render(TimelineLine, { row, rowindex: 1, selected: false, first: true, focused: false, onact: () => {} });
  };

  it("shows what the player wrote to the version, as text", () => {
    shown({ note: "Nobody <b>trusted</b> the bard." });
    expect(screen.getByText("Nobody <b>trusted</b> the bard.")).toBeTruthy();
    expect(screen.queryByText("Much is gone")).toBeNull();
  });

  it("says what came with an act in smaller letters", () => {
    const act = "Reached Wizard 3: hit points 12 to 18; learned Web";
    shown({ headline: "Reached Wizard 3", sentences: [act, "Spent 3 gp"] });
    expect(screen.getByText("Reached Wizard 3")).toBeTruthy();
    expect(screen.getByText("Hit points 12 to 18; learned Web · Spent 3 gp")).toBeTruthy();
  });

  it("marks a version in which much is gone", () => {
    const alarm = "Much is gone at once: 12 things. The version before has it all";
    shown({ topics: ["items", "loss"], sentences: ["Parted with 12 things", alarm] });
    expect(screen.getByText("Much is gone").title).toBe(alarm);
  });
});
