-- What says that a journal was cut by retention, and not by anybody else: a note in the form of a checkpoint, over the lines
-- that were let go of. NULL: cut by a version that did not sign.
ALTER TABLE journal_cuts ADD COLUMN note TEXT;
