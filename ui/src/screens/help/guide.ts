// Reads the little Markdown that the guide is written in: chapters, paragraphs, lists, strong words and code.

export interface Span {
  kind: "text" | "strong" | "code";
  text: string;
}

export type Block =
  | { kind: "title"; spans: Span[] }
  | { kind: "heading"; spans: Span[] }
  | { kind: "paragraph"; spans: Span[] }
  | { kind: "list"; items: Span[][] };

/** The blocks of a text. */
export function readGuide(text: string): Block[] {
  return text
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== "")
    .map((block): Block => {
      if (block.startsWith("# ")) return { kind: "title", spans: readLine(block.slice(2)) };
      if (block.startsWith("## ")) return { kind: "heading", spans: readLine(block.slice(3)) };
      if (!block.startsWith("- ")) return { kind: "paragraph", spans: readLine(block) };
      return { kind: "list", items: block.split(/\n(?=- )/).map((item) => readLine(item.slice(2))) };
    });
}

function readLine(line: string): Span[] {
  return line
    .replace(/\s+/g, " ")
    .split(/(\*\*[^*]+\*\*|`[^`]+`)/)
    .filter(Boolean)
    .map((part): Span => {
      if (part.startsWith("**")) return { kind: "strong", text: part.slice(2, -2) };
      if (part.startsWith("`")) return { kind: "code", text: part.slice(1, -1) };
      return { kind: "text", text: part };
    });
}
