//! Rules text that says nothing in particular.
//!
//! Real documents carry hundreds of kilobytes of rules text that Backstory neither shows nor compares. These sentences
//! are our own and stand in for it: the same length, the same HTML, none of the words.

use super::random::Random;

const OPENINGS: &[&str] = &[
    "You have practised {} until it comes without thought.",
    "{} is the kind of thing that travellers tell each other about at night.",
    "Few people learn {} from books; most are shown it once and work out the rest alone.",
    "With {} you can do in a moment what others plan for an hour.",
    "There is an old story behind {}, and nobody agrees on how it ends.",
    "{} asks for patience first and for courage second.",
    "Those who rely on {} tend to travel lightly and to sleep well.",
    "You know {} the way a miller knows the river.",
];

const SENTENCES: &[&str] = &[
    "The effect lasts until you let go of it, until you sleep, or until somebody takes the trouble to end it.",
    "You decide when it begins, but not always when it is over.",
    "A creature that expects it may resist; a creature that does not expect it is usually too surprised to try.",
    "If you are hurt while it lasts, hold on to it with a quiet breath, or lose it.",
    "Once you have used it you need a rest before you can use it again.",
    "It works as well in the dark as in the light, and rather better in the rain.",
    "At higher levels it reaches further, and more of your friends may stand inside it.",
    "It does not work on a thing that is worn or carried by somebody who minds.",
    "The number in the table of your class says how often it may be done between one dawn and the next.",
    "You add the modifier of the ability that you cast with, as you always do.",
    "Roll the dice, add what you know, and tell the others what they see.",
    "When two such effects meet, the stronger one stands and the weaker one waits.",
    "The one who leads the game decides what is near enough, and is usually kind about it.",
    "You may choose a different one whenever you gain a level, if the first did not suit you.",
    "It needs a free hand, a clear voice and a little room to move.",
    "A wall of more than a foot of stone stops it, and so does a thin sheet of lead.",
    "Everyone who can see you knows that something has happened, though not what.",
    "It leaves a faint smell of cold iron, which is gone by morning.",
    "Twice as far is possible, with disadvantage and some luck.",
    "If the target moves out of reach before it takes hold, nothing is spent.",
    "It ends early when you are laid low, and at once when you wish it to.",
    "What has been moved in this way can be moved back in the same way.",
    "Half of it, rounded down, is felt by those who stepped aside in time.",
    "You may hold it ready and wait for the moment that you described.",
];

/// A few paragraphs about something, in HTML. The same topic always reads the same.
pub(super) fn rules(topic: &str, paragraphs: usize) -> String {
    let mut random = Random::of(topic);
    let mut text = String::with_capacity(paragraphs * 460 + 200);
    for paragraph in 0..paragraphs {
        text.push_str("<p>");
        if paragraph == 0 {
            text.push_str(&random.pick(OPENINGS).replace("{}", &format!("<strong>{topic}</strong>")));
            text.push(' ');
        }
        sentences(&mut random, 4, &mut text);
        text.push_str("</p>\r\n");
    }
    if paragraphs > 2 && random.below(3) == 0 {
        text.push_str("<ul>\r\n");
        for _ in 0..3 {
            text.push_str("<li>");
            sentences(&mut random, 1, &mut text);
            text.push_str("</li>\r\n");
        }
        text.push_str("</ul>\r\n");
    }
    text
}

/// One or two sentences without HTML.
pub(super) fn line(topic: &str, count: usize) -> String {
    let mut text = String::with_capacity(count * 100);
    sentences(&mut Random::of(topic), count, &mut text);
    text
}

fn sentences(random: &mut Random, count: usize, text: &mut String) {
    for at in 0..count {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(SENTENCES[random.index(SENTENCES.len())]);
    }
}
