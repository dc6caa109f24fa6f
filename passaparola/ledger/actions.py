"""The books: what a conversion promises is held, then confirmed or released; what was paid is reversed. Each once.

| act     | from             | to               | resolves      |
|---------|------------------|------------------|---------------|
| hold    | programme        | person's pending | –             |
| confirm | person's pending | person's own     | the hold      |
| release | person's pending | programme        | the hold      |
| reverse | person's own     | programme        | the confirm   |

A programme's account shows, below zero, what it has given and promised; a person's own account may fall below zero
when a paid reward is taken back after it was spent.
"""

from collections.abc import Iterable

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Batch, Record
from passaparola.ledger.models import Account, Reward, Transfer
from passaparola.people.actions import People


class Ledger:
    """The room that keeps the books of one batch."""

    def __init__(self, batch: Batch, people: People) -> None:
        self.people = people
        self.accounts, self.transfers, self.rewards = batch.table(Account), batch.table(Transfer), batch.table(Reward)
        self._account_of: dict[tuple[str, int, str], Record] = {}

    def load(self, referral_ids: Iterable[int], person_ids: Iterable[int], program_ids: Iterable[int]) -> None:
        """Read the rewards of the referrals in play, their transfers, and the accounts of everybody concerned."""
        referrals = list(referral_ids)
        if not referrals and not list(program_ids):
            return
        rewards = self.rewards.take_any("referral_id", referrals)
        self.transfers.take_any("reward_id", [row["id"] for row in rewards])
        owners = sorted({*person_ids, *program_ids})
        for row in self.accounts.take_any("owner_id", owners):
            self._account_of[row["kind"], row["owner_id"], row["unit"]] = row

    def step(self, happening: Happening) -> None:
        """Write what programmes decided into the books."""
        if not happening.notes:
            return
        for note in happening.told("earned"):
            for promise in note["promised"]:
                self.hold(promise, note, happening)
        for note in happening.told("settle"):
            for reward in self._of(note["referral"], "held"):
                self.confirm(reward, happening)
        for note in happening.told("undo"):
            for reward in self._of(note["referral"], "held"):
                self.release(reward, note["reason"], happening)
            for reward in self._of(note["referral"], "confirmed"):
                self.reverse(reward, note["reason"], happening)

    def hold(self, promise: Record, note: Record, happening: Happening) -> None:
        """Set an amount aside for somebody until the return window has passed."""
        referral, unit = note["referral"], promise["unit"]
        reward = self.rewards.add(
            program_id=referral["program_id"], version=referral["version"], rule=promise["rule"],
            person_id=promise["person_id"], referral_id=referral["id"], cause=note["cause"], amount=promise["amount"],
            unit=unit, state="held", reason="waiting_return_window", held_at=happening.received_at, due_at=note["due_at"],
        )  # fmt: skip
        program = self._account("program", referral["program_id"], unit, happening)
        pending = self._account("pending", promise["person_id"], unit, happening)
        self._move("hold", reward, program, pending, None, happening)
        happening.tell("held", reward=reward)

    def confirm(self, reward: Record, happening: Happening) -> None:
        """The return window has passed: what was pending is the person's own."""
        hold = self._transfer(reward, "hold")
        own = self._account("own", reward["person_id"], reward["unit"], happening)
        self._move("confirm", reward, self.accounts.rows[hold["target_id"]], own, hold, happening)
        self._settle(reward, "confirmed", "paid", happening)
        happening.tell("confirmed", reward=reward)

    def release(self, reward: Record, reason: str, happening: Happening) -> None:
        """The promise fell through before it was due."""
        hold = self._transfer(reward, "hold")
        accounts = self.accounts.rows
        self._move("release", reward, accounts[hold["target_id"]], accounts[hold["source_id"]], hold, happening)
        self._settle(reward, "released", reason, happening)
        happening.tell("released", reward=reward)

    def reverse(self, reward: Record, reason: str, happening: Happening) -> None:
        """What was paid is taken back, by a row of its own."""
        confirm, hold = self._transfer(reward, "confirm"), self._transfer(reward, "hold")
        accounts = self.accounts.rows
        self._move("reverse", reward, accounts[confirm["target_id"]], accounts[hold["source_id"]], confirm, happening)
        self._settle(reward, "reversed", reason, happening)
        happening.tell("reversed", reward=reward)

    # --- rows ---------------------------------------------------------------------------------

    def _of(self, referral: Record, state: str) -> list[Record]:
        rows = (
            row for row in self.rewards.rows.values() if row["referral_id"] == referral["id"] and row["state"] == state
        )
        return sorted(rows, key=lambda row: row["id"])

    def _settle(self, reward: Record, state: str, reason: str, happening: Happening) -> None:
        self.rewards.change(reward, state=state, reason=reason, settled_at=happening.received_at)

    def _transfer(self, reward: Record, kind: str) -> Record:
        for row in self.transfers.rows.values():
            if row["reward_id"] == reward["id"] and row["kind"] == kind:
                return row
        raise AssertionError(f"reward {reward['id']} has no {kind}")

    def _move(
        self, kind: str, reward: Record, source: Record, target: Record, resolves: Record | None, happening: Happening
    ) -> None:
        self.transfers.add(
            key=f"{kind}:{reward['id']}", kind=kind, source_id=source["id"], target_id=target["id"],
            amount=reward["amount"], unit=reward["unit"], resolves_id=resolves["id"] if resolves else None,
            reward_id=reward["id"], at=happening.received_at, event_id=happening.id,
        )  # fmt: skip

    def _account(self, kind: str, owner_id: int, unit: str, happening: Happening) -> Record:
        key = (kind, owner_id, unit)
        if key not in self._account_of:
            self._account_of[key] = self.accounts.add(
                kind=kind, owner_id=owner_id, unit=unit, opened_at=happening.received_at
            )
        return self._account_of[key]
