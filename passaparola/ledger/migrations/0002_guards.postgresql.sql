-- A transfer is of the unit of both its accounts; what resolves another is of its unit, not larger, and of a kind
-- that may follow it (a hold is confirmed or released, a confirmation is reversed).
CREATE OR REPLACE FUNCTION passaparola_transfer_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE problem text;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM account WHERE id = NEW.source_id AND unit = NEW.unit) THEN
    problem := 'its source account does not exist or is of another unit';
  ELSIF NOT EXISTS (SELECT 1 FROM account WHERE id = NEW.target_id AND unit = NEW.unit) THEN
    problem := 'its target account does not exist or is of another unit';
  ELSIF NEW.resolves_id IS NULL AND NEW.kind IN ('confirm', 'release', 'reverse') THEN
    problem := 'a confirm, release or reverse must say what it resolves';
  ELSIF NEW.resolves_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM transfer AS resolved
    WHERE resolved.id = NEW.resolves_id AND resolved.unit = NEW.unit AND resolved.amount >= NEW.amount
      AND (NEW.kind NOT IN ('confirm', 'release') OR resolved.kind = 'hold')
      AND (NEW.kind <> 'reverse' OR resolved.kind = 'confirm')
  ) THEN
    problem := 'what it resolves does not exist, is of another unit or kind, or is smaller';
  END IF;
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'transfer: %', problem USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER transfer_insert_guard BEFORE INSERT ON transfer FOR EACH ROW
EXECUTE FUNCTION passaparola_transfer_insert();
