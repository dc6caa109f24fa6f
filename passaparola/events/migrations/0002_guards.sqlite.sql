-- Erasure may blank the personal columns of an event; nothing else of it ever changes.
CREATE TRIGGER event_update_guard BEFORE UPDATE ON event
WHEN NEW.id IS NOT OLD.id
  OR NEW.batch IS NOT OLD.batch
  OR NEW.source IS NOT OLD.source
  OR NEW.message_id IS NOT OLD.message_id
  OR NEW.fingerprint IS NOT OLD.fingerprint
  OR NEW.body_hash IS NOT OLD.body_hash
  OR NEW.type IS NOT OLD.type
  OR NEW.name IS NOT OLD.name
  OR NEW.person_id IS NOT OLD.person_id
  OR NEW.occurred_at IS NOT OLD.occurred_at
  OR NEW.received_at IS NOT OLD.received_at
  OR NEW.day IS NOT OLD.day
  OR NEW.hour IS NOT OLD.hour
  OR NEW.history IS NOT OLD.history
  OR NEW.caused_by IS NOT OLD.caused_by
  OR NEW.properties IS NOT OLD.properties
  OR NEW.result IS NOT OLD.result
  OR (NEW.user_id IS NOT NULL AND NEW.user_id IS NOT OLD.user_id)
  OR (NEW.anonymous_id IS NOT NULL AND NEW.anonymous_id IS NOT OLD.anonymous_id)
  OR (NEW.group_id IS NOT NULL AND NEW.group_id IS NOT OLD.group_id)
  OR (NEW.previous_id IS NOT NULL AND NEW.previous_id IS NOT OLD.previous_id)
  OR (NEW.traits IS NOT NULL AND NEW.traits IS NOT OLD.traits)
  OR (NEW.context IS NOT NULL AND NEW.context IS NOT OLD.context)
BEGIN
  SELECT RAISE(ABORT, 'event is append-only: only erasure may blank its personal columns');
END;
