// One icon per topic of a sentence.
import Backpack from "@lucide/svelte/icons/backpack";
import Bookmark from "@lucide/svelte/icons/bookmark";
import Coins from "@lucide/svelte/icons/coins";
import Dumbbell from "@lucide/svelte/icons/dumbbell";
import GitBranch from "@lucide/svelte/icons/git-branch";
import Heart from "@lucide/svelte/icons/heart";
import NotebookPen from "@lucide/svelte/icons/notebook-pen";
import RotateCcw from "@lucide/svelte/icons/rotate-ccw";
import Shield from "@lucide/svelte/icons/shield";
import Sparkles from "@lucide/svelte/icons/sparkles";
import Star from "@lucide/svelte/icons/star";
import Tent from "@lucide/svelte/icons/tent";
import TrendingUp from "@lucide/svelte/icons/trending-up";
import TriangleAlert from "@lucide/svelte/icons/triangle-alert";
import UserRound from "@lucide/svelte/icons/user-round";
import type { Component } from "svelte";

const ICONS: Record<string, Component> = {
  level: TrendingUp,
  subclass: GitBranch,
  identity: UserRound,
  abilities: Dumbbell,
  hit_points: Heart,
  combat: Shield,
  features: Star,
  spells: Sparkles,
  items: Backpack,
  coins: Coins,
  notes: NotebookPen,
  experience: TrendingUp,
  state: Tent,
  baseline: Bookmark,
  loss: TriangleAlert,
  restored: RotateCcw,
};

export const topicIcon = (topic: string | undefined): Component => ICONS[topic ?? ""] ?? Bookmark;
