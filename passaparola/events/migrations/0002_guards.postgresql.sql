-- Erasure may blank the personal columns of an event; nothing else of it ever changes.
CREATE OR REPLACE FUNCTION passaparola_event_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'event is append-only: only erasure may blank its personal columns'
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER event_update_guard BEFORE UPDATE ON event FOR EACH ROW
WHEN (
  (NEW.id, NEW.batch, NEW.source, NEW.message_id, NEW.fingerprint, NEW.body_hash, NEW.type, NEW.name, NEW.person_id,
   NEW.occurred_at, NEW.received_at, NEW.day, NEW.hour, NEW.history, NEW.caused_by, NEW.properties,
   NEW.result)
  IS DISTINCT FROM
  (OLD.id, OLD.batch, OLD.source, OLD.message_id, OLD.fingerprint, OLD.body_hash, OLD.type, OLD.name, OLD.person_id,
   OLD.occurred_at, OLD.received_at, OLD.day, OLD.hour, OLD.history, OLD.caused_by, OLD.properties,
   OLD.result)
  OR (NEW.user_id IS NOT NULL AND NEW.user_id IS DISTINCT FROM OLD.user_id)
  OR (NEW.anonymous_id IS NOT NULL AND NEW.anonymous_id IS DISTINCT FROM OLD.anonymous_id)
  OR (NEW.group_id IS NOT NULL AND NEW.group_id IS DISTINCT FROM OLD.group_id)
  OR (NEW.previous_id IS NOT NULL AND NEW.previous_id IS DISTINCT FROM OLD.previous_id)
  OR (NEW.traits IS NOT NULL AND NEW.traits IS DISTINCT FROM OLD.traits)
  OR (NEW.context IS NOT NULL AND NEW.context IS DISTINCT FROM OLD.context)
)
EXECUTE FUNCTION passaparola_event_update();
