import { describe, expect, it } from "vitest";
import {
  drawnTicks,
  levelLine,
  nearestTick,
  ribbonShape,
  dateLabels,
  spaced,
  type RibbonPoint,
} from "../src/components/ribbon";

const point = (version: number, at: string, part: Partial<RibbonPoint> = {}): RibbonPoint => ({
  version,
  at,
  session: at,
  changes: 1,
  level: 1,
  landmark: false,
  visible: true,
  ...part,
});

describe("the ribbon", () => {
  it("gives a sitting 2 + 2.2·√changes, so that a busy night cannot drown a level-up", () => {
    const shape = ribbonShape(
      [point(1, "2026-01-01T00:00:00Z"), point(2, "2026-01-02T00:00:00Z", { changes: 49 })],
      null,
    );
    const [first, second] = shape.dates;
    const units = [2 + 2.2, 2 + 2.2 * 7];
    expect(first!.x).toBe(0);
    expect(second!.x).toBeCloseTo(units[0]! / (units[0]! + units[1]!));
  });

  it("makes a pause of more than two and a half days a column of fixed width that names its length", () => {
    const near = ribbonShape([point(1, "2026-01-01T00:00:00Z"), point(2, "2026-01-03T00:00:00Z")], null);
    expect(near.gaps).toEqual([]);
    const far = ribbonShape(
      [point(1, "2026-01-01T00:00:00Z"), point(2, "2026-01-11T00:00:00Z"), point(3, "2026-06-11T00:00:00Z")],
      null,
    );
    expect(far.gaps.map((gap) => gap.days)).toEqual([10, 151]);
    expect(far.gaps[0]!.width).toBe(far.gaps[1]!.width);
  });

  it("ends in a quiet column where checks went on without a change", () => {
    const shape = ribbonShape([point(1, "2026-01-01T00:00:00Z")], "2026-01-09T00:00:00Z");
    expect(shape.gaps).toMatchObject([{ days: null }]);
    expect(shape.gaps[0]!.x + shape.gaps[0]!.width).toBeCloseTo(1);
  });

  it("stays within its width and in order, however many pauses there are", () => {
    const points = Array.from({ length: 40 }, (_, i) =>
      point(i + 1, new Date(Date.UTC(2026, 0, 1 + i * 9)).toISOString()),
    );
    const shape = ribbonShape(points, null);
    const places = shape.ticks.map((tick) => tick.x);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(Math.max(...places)).toBeLessThanOrEqual(1);
    expect(shape.gaps.reduce((sum, gap) => sum + gap.width, 0)).toBeLessThanOrEqual(0.46);
  });

  it("gives quiet versions a place between the ticks and no tick", () => {
    const shape = ribbonShape(
      [
        point(1, "2026-01-01T00:00:00Z"),
        point(2, "2026-01-01T01:00:00Z", { visible: false }),
        point(3, "2026-01-01T02:00:00Z"),
      ],
      null,
    );
    expect(shape.ticks.map((tick) => tick.version)).toEqual([1, 3]);
    const [one, two, three] = [1, 2, 3].map((version) => shape.places.get(version)!);
    expect(one! < two! && two! < three!).toBe(true);
  });

  it("draws a level step where the level changed, and a flat line for one version", () => {
    const shape = ribbonShape(
      [point(1, "2026-01-01T00:00:00Z"), point(2, "2026-01-01T01:00:00Z", { level: 2 })],
      null,
    );
    expect(shape.steps.map((step) => step.level)).toEqual([1, 2]);
    const { line, y } = levelLine(shape);
    expect(y(2)).toBeLessThan(y(1));
    expect(line.split(" ")).toHaveLength(4);
    expect(levelLine(ribbonShape([point(1, "2026-01-01T00:00:00Z")], null)).line).toBe("0,35 1000,35");
  });

  it("survives an empty history", () => {
    const shape = ribbonShape([], null);
    expect(shape.ticks).toEqual([]);
    expect(nearestTick(shape, 0.5)).toBeUndefined();
  });

  it("finds the tick under the pointer and leaves out labels that would touch", () => {
    const shape = ribbonShape([point(1, "2026-01-01T00:00:00Z"), point(2, "2026-01-02T00:00:00Z")], null);
    expect(nearestTick(shape, 0.9)?.version).toBe(2);
    expect(spaced([{ x: 0 }, { x: 0.05 }, { x: 0.5 }], 100, 20)).toEqual([{ x: 0 }, { x: 0.5 }]);
  });

  it("puts only those dates into words that have room, and says each once", () => {
    const asked: string[] = [];
    const dates = [0, 0.01, 0.3, 0.35, 0.6].map((x, i) => ({ x, at: `2026-07-0${i < 2 ? 1 : 2}` }));
    const labels = dateLabels(dates, 100, 20, (at) => {
      asked.push(at);
      return at;
    });
    expect(labels).toEqual([
      { x: 0, text: "2026-07-01" },
      { x: 0.3, text: "2026-07-02" },
    ]);
    expect(asked).toEqual(["2026-07-01", "2026-07-02", "2026-07-02"]);
  });
});

describe("the drawn ticks", () => {
  it("are no more than the width has room for, and the tallest of those that fall together", () => {
    const ticks = Array.from({ length: 10_000 }, (_, i) => ({
      version: i + 1,
      x: i / 10_000,
      landmark: i === 5_000,
      height: i === 5_000 ? 1 : 0.4,
    }));
    const drawn = drawnTicks(ticks, 1_000);
    expect(drawn).toHaveLength(500);
    expect(drawn.filter((tick) => tick.landmark).map((tick) => tick.version)).toEqual([5_001]);
    expect(drawnTicks(ticks.slice(0, 3), 100_000)).toHaveLength(3);
  });
});

describe("the ribbon by date", () => {
  it("gives every day the same width, quiet versions too, and no column to a pause", () => {
    const day = (n: number) => `2026-10-${String(n).padStart(2, "0")}T18:00:00Z`;
    const point = (version: number, at: string, visible = true) => ({
      version,
      at,
      session: at,
      changes: 1,
      level: version,
      landmark: false,
      visible,
    });
    const points = [point(1, day(1)), point(2, day(2), false), point(3, day(11)), point(4, day(21))];
    const shape = ribbonShape(points, day(21), "date");
    const x = (version: number) => shape.places.get(version)!;
    expect(x(3) - x(1)).toBeCloseTo(x(4) - x(3));
    expect(x(2) - x(1)).toBeCloseTo((x(4) - x(1)) / 20);
    expect(shape.gaps).toEqual([]);
    expect(shape.ticks.map((tick) => tick.version)).toEqual([1, 3, 4]);
    expect(shape.steps.map((step) => step.level)).toEqual([1, 3, 4]);
  });
});
