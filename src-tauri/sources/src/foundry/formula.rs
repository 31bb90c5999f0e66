//! The sums Foundry writes as text: `1 + @abilities.cha.mod`, `5 * @classes.paladin.levels`.

/// How deep brackets may nest. A damaged document cannot make the reader run out of stack.
const DEEPEST: u32 = 24;

/// What a formula comes to. `lookup` knows the values behind `@…`. None where a die is rolled or something is not known.
pub(super) fn evaluate(text: &str, lookup: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
    let mut reader = Reader { rest: text, lookup, depth: 0 };
    let value = reader.sum()?;
    reader.skip();
    (reader.rest.is_empty() && value.is_finite()).then_some(value)
}

struct Reader<'t, 'l> {
    rest: &'t str,
    lookup: &'l dyn Fn(&str) -> Option<f64>,
    depth: u32,
}

impl<'t> Reader<'t, '_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Moves over a character, if it is the next one.
    fn takes(&mut self, wanted: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        loop {
            if self.takes('+') {
                value += self.product()?;
            } else if self.takes('-') {
                value -= self.product()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.term()?;
        loop {
            if self.takes('*') {
                value *= self.term()?;
            } else if self.takes('/') {
                value /= self.term()?;
            } else {
                return Some(value);
            }
        }
    }

    fn term(&mut self) -> Option<f64> {
        let mut sign = 1.0;
        loop {
            if self.takes('-') {
                sign = -sign;
            } else if !self.takes('+') {
                break;
            }
        }
        let value = if self.takes('@') {
            let name = self.word(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
            (self.lookup)(name)?
        } else if self.takes('(') {
            let mut inside = self.bracket()?;
            if inside.len() == 1 { inside.pop()? } else { return None }
        } else if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            self.word(|c| c.is_ascii_digit() || c == '.').parse().ok()?
        } else {
            self.function()?
        };
        Some(sign * value)
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn function(&mut self) -> Option<f64> {
        let name = self.word(|c| c.is_ascii_alphabetic());
        if !self.takes('(') {
            return None;
        }
        let values = self.bracket()?;
        let first = *values.first()?;
        match name {
            "floor" => Some(first.floor()),
            "ceil" => Some(first.ceil()),
            "round" => Some(first.round()),
            "abs" => Some(first.abs()),
            "min" => Some(values.into_iter().fold(first, f64::min)),
            "max" => Some(values.into_iter().fold(first, f64::max)),
            _ => None,
        }
    }

    /// The values up to the closing bracket.
    fn bracket(&mut self) -> Option<Vec<f64>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut values = vec![self.sum()?];
        while self.takes(',') {
            values.push(self.sum()?);
        }
        self.depth -= 1;
        self.takes(')').then_some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_come_out() {
        let lookup = |name: &str| match name {
            "abilities.cha.mod" => Some(3.0),
            "classes.paladin.levels" => Some(5.0),
            "scale.fey-wanderer.uses" => Some(2.0),
            _ => None,
        };
        let of = |text: &str| evaluate(text, &lookup);
        assert_eq!(of("1 + @abilities.cha.mod"), Some(4.0));
        assert_eq!(of("5*@classes.paladin.levels"), Some(25.0));
        assert_eq!(of("max(1, -@abilities.cha.mod) - floor(@classes.paladin.levels / 2)"), Some(-1.0));
        assert_eq!(of(" (2 + 1) * @scale.fey-wanderer.uses "), Some(6.0));
        for odd in ["", "1d4", "@unknown", "2 +", "1 / 0", "(1", "fire", "1,2", "()"] {
            assert_eq!(of(odd), None, "{odd}");
        }
        assert_eq!(of(&"(".repeat(100_000)), None);
        assert_eq!(of(&"-".repeat(100_000)), None);
    }
}
