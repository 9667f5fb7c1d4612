-- Why a call went out before its turn; none: it did not.
ALTER TABLE calls ADD COLUMN early TEXT;
