-- A transfer is of the unit of both its accounts; what resolves another is of its unit, not larger, and of a kind
-- that may follow it (a hold is confirmed or released, a confirmation is reversed).
CREATE TRIGGER transfer_insert_guard BEFORE INSERT ON transfer
BEGIN
  SELECT RAISE(ABORT, 'transfer: its source account does not exist or is of another unit')
  WHERE NOT EXISTS (SELECT 1 FROM account WHERE id = NEW.source_id AND unit = NEW.unit);
  SELECT RAISE(ABORT, 'transfer: its target account does not exist or is of another unit')
  WHERE NOT EXISTS (SELECT 1 FROM account WHERE id = NEW.target_id AND unit = NEW.unit);
  SELECT RAISE(ABORT, 'transfer: what it resolves does not exist, is of another unit or kind, or is smaller')
  WHERE NEW.resolves_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM transfer AS resolved
    WHERE resolved.id = NEW.resolves_id AND resolved.unit = NEW.unit AND resolved.amount >= NEW.amount
      AND (NEW.kind NOT IN ('confirm', 'release') OR resolved.kind = 'hold')
      AND (NEW.kind <> 'reverse' OR resolved.kind = 'confirm')
  );
  SELECT RAISE(ABORT, 'transfer: a confirm, release or reverse must say what it resolves')
  WHERE NEW.resolves_id IS NULL AND NEW.kind IN ('confirm', 'release', 'reverse');
END;
