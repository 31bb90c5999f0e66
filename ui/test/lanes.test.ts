// The geometry of a chart lane, and what is said of it.
import { describe, expect, it } from "vitest";
import { gridOf, laneShape, printed } from "../src/components/lanes";
import { ribbonShape } from "../src/components/ribbon";
import { laneSentence, stepsOf, valueAt, type Lane } from "../src/screens/progress/lanes";

const at = (day: number) => `2026-10-${String(day).padStart(2, "0")}T18:00:00Z`;
const ribbon = ribbonShape(
  [1, 2, 3, 4].map((version) => ({
    version,
    at: at(version * 2),
    session: at(version * 2),
    changes: 1,
    level: version,
    landmark: false,
    visible: true,
  })),
  null,
);
const steps = stepsOf([
  { t: at(2), v: 30, version: 1 },
  { t: at(6), v: 58, version: 3 },
  { t: at(9), v: 58, version: 4 },
]);

describe("a lane", () => {
  it("stands until the next value, from edge to edge", () => {
    expect(steps).toEqual([
      { version: 1, value: 30 },
      { version: 3, value: 58 },
    ]);
    const { line, stops } = laneShape(steps, ribbon);
    expect(line.split(" ")).toEqual([
      "0,84",
      `${stops[1]!.x * 1000},84`,
      `${stops[1]!.x * 1000},26`,
      "1000,26",
    ]);
    expect(stops[1]!.x).toBe(ribbon.places.get(3));
  });

  it("has the value of the last step at or before a version", () => {
    const lane: Lane = { key: "hp", label: "Hit points", steps, tall: true, say: String };
    expect([1, 2, 3, 4].map((version) => valueAt(lane, version, (v) => v))).toEqual([30, 30, 58, 58]);
    expect(laneSentence(lane)).toBe("Hit points: from 30 to 58 in 1 step, lowest 30, highest 58");
  });

  it("prints values that have room, and the last one always", () => {
    const crowded = laneShape(
      [1, 2, 3, 4].map((version) => ({ version, value: version })),
      ribbon,
    );
    expect(printed(crowded, 1000).map((stop) => stop.version)).toEqual([1, 2, 3, 4]);
    expect(printed(crowded, 60).map((stop) => stop.version)).toEqual([1, 4]);
  });

  it("has round numbers across", () => {
    expect(gridOf(30, 65)).toEqual([40, 60]);
    expect(gridOf(10, 10)).toEqual([]);
    expect(gridOf(0, 4)).toEqual([0, 2, 4]);
  });
});
