"""The planted faults: journals that are wrong in one place, each of which the histories must find.

An edit names code of the journal, so a mutant fails loudly when that code changes (`StaleEditError`). A
mutant that no history can find is no fault and does not belong here.
"""

from __future__ import annotations

from tests.faults.planting import Edit, Mutant

SYNC = "self._disk.sync(segment.handle)"


def _one(name: str, breaks: str, place: str, old: str, new: str) -> Mutant:
    return Mutant(name, breaks, (Edit(place, old, new),))


MUTANTS: tuple[Mutant, ...] = (
    # ---------------------------------------------------------------- writing and syncing
    _one(
        "sync left out",
        "commands are acknowledged that are in memory alone",
        "writer.Journal._sync",
        SYNC,
        "pass",
    ),
    _one(
        "every seventh sync left out",
        "the same, now and then",
        "writer.Journal._sync",
        SYNC,
        "cursor = self._writing()[1]\n    if cursor._turn % 7: " + SYNC,
    ),
    _one(
        "durable before the sync",
        "durable_seq counts what was only appended",
        "writer.Journal.durable_seq",
        "return self._durable.seq",
        "return self._end.seq",
    ),
    _one(
        "failed sync tried again",
        "the second sync is content, and the pages are gone",
        "writer.Journal._sync",
        SYNC,
        "try: " + SYNC + "\n    except OSError: " + SYNC,
    ),
    _one(
        "short write not looped",
        "the rest of a frame is missing",
        "disk.write_all",
        "while rest:",
        "if rest:",
    ),
    _one(
        "full disk not noticed",
        "what the disk refused counts as written",
        "disk.write_all",
        "written = disk.write(handle, rest, offset)",
        "try: written = disk.write(handle, rest, offset)\n        except OSError: written = len(rest)",
    ),
    _one(
        "failed journal goes on",
        "frames follow a hole",
        "writer.Journal._check_usable",
        "if self._failure:",
        "if False:",
    ),
    _one(
        "segment closed without a sync",
        "the last frames of a full segment count as durable",
        "growing.Growing.finish",
        "self._disk.sync(self.handle)",
        "pass",
    ),
    _one(
        "large batch cut short",
        "only the first frame of a batch that needs several is written",
        "writer.Journal.append",
        "range(0, len(commands), LARGEST_FRAME)",
        "range(0, min(len(commands), LARGEST_FRAME), LARGEST_FRAME)",
    ),
    # ---------------------------------------------------------------- segments and folders
    _one(
        "folder not synced after a new segment",
        "the segment's name is gone with the power, and all frames in it",
        "growing.Growing.appear",
        "self._disk.sync_folder(self.path.parent)",
        "pass",
    ),
    _one(
        "folders above not synced",
        "a new session's folder is gone with the power, and the journal in it",
        "writer._sync_names",
        "for above in folder.absolute().parents:",
        "for above in folder.absolute().parents[:1]:",
    ),
    _one(
        "new segment not synced before its name",
        "a segment may appear whose header is zero",
        "growing.Growing.appear",
        "self._disk.sync(self.handle)",
        "pass",
    ),
    _one(
        "segment not closed when full",
        "a segment that ends too early cannot be told from a whole one",
        "writer.Journal._finish_segment",
        "segment.finish(epoch=self.epoch, durable_seq=self._durable.seq)",
        SYNC,
    ),
    _one(
        "chain begins anew in a segment",
        "a segment does not say which one it continues",
        "writer.Journal._start_segment",
        "previous=self._end.chain",
        "previous=0",
    ),
    _one(
        "links of segments not checked",
        "a segment may end early or be replaced by one from another course of things",
        "recovery.check_link",
        "if walk.ended != CLOSED:",
        "return\n    if walk.ended != CLOSED:",
    ),
    _one(
        "missing segment not noticed",
        "numbers of segments are not compared",
        "segments.out_of_place",
        "this = segments[-1]",
        "return ''\n    this = segments[-1]",
    ),
    # ---------------------------------------------------------------- reading
    _one(
        "checksum not checked",
        "flipped bits come back as commands",
        "segments.Walk.__iter__",
        "if frame_checksum(block, place, frame.payload_bytes) != frame.checksum:",
        "if False:",
    ),
    _one(
        "chain not checked",
        "an undamaged frame from elsewhere comes back",
        "segments._misfit",
        "if frame.previous != chain:",
        "if False:",
    ),
    _one(
        "about not checked",
        "what the journal says of itself may be damaged",
        "recovery.read_about",
        "step = next(iter(walk), None)",
        "from workbench.journal.segments import Step, unpack_frame, FRAME_BYTES\n"
        "        raw = source.read(source.size, HEADER_BYTES)\n"
        "        frame = unpack_frame(raw)\n"
        "        step = frame and Step(frame, raw[FRAME_BYTES : FRAME_BYTES + frame.payload_bytes], 0)",
    ),
    _one(
        "layout not checked",
        "records of another layout are read as if they were ours",
        "segments.check_schema",
        "if segment.header.schema != schema:",
        "if False:",
    ),
    _one(
        "reader goes beyond what is durable",
        "a reader sees commands that a power loss may take back",
        "reader.stored_steps",
        "durable = mark.position.seq if mark and mark.whole else None",
        "durable = None",
    ),
    _one(
        "reader starts one frame late",
        "commands behind a position are left out",
        "reader.stored_steps",
        "segment.header.first_seq <= after_seq + 1",
        "segment.header.first_seq <= after_seq + 2",
    ),
    # ---------------------------------------------------------------- the end of a journal
    _one(
        "cursor ignored",
        "a tail that is missing up to a frame's border is not noticed",
        "recovery.judge",
        "if known.seq > seq:",
        "if False:",
    ),
    _one(
        "cursor before the sync",
        "the cursor knows commands that the power loss took",
        "writer.Journal._sync",
        SYNC,
        "self._writing()[1].write(self._end)\n    self._writing()[1].sync()\n    " + SYNC,
    ),
    _one(
        "cursor not written",
        "the cursor knows nothing of what was acknowledged since the journal was opened",
        "writer.Journal._note_durable",
        "cursor.write(self._end)",
        "pass",
    ),
    _one(
        "damage taken for a torn tail",
        "damaged frames with acknowledged ones behind them are cut off",
        "recovery.judge",
        "if later and (",
        "if False and (",
    ),
    _one(
        "torn tail taken for damage",
        "a journal whose power failed cannot be opened",
        "recovery.judge",
        "any(stray.frame.durable_seq > seq for stray in later)",
        "True",
    ),
    _one(
        "torn tail not cut",
        "what is behind the last whole frame stays where the next one is written",
        "writer.Journal._take_over",
        "segment.finish(epoch=self.epoch, durable_seq=0)",
        "pass",
    ),
    _one(
        "recovered tail not synced",
        "a killed process's last frames count as durable and are in memory alone",
        "writer.Journal._take_over",
        "segment.finish(epoch=self.epoch, durable_seq=0)",
        "segment._disk = type('D', (), {'__getattr__': lambda s, n, d=self._disk: "
        "(lambda *a: None) if n == 'sync' else getattr(d, n)})()\n"
        "        segment.finish(epoch=self.epoch, durable_seq=0)",
    ),
    _one(
        "recovered tail not written anew",
        "after a failed sync the pages count as clean, so that the next writer's sync does nothing",
        "writer.Journal._write_anew",
        "write_all(self._disk, handle, data, start)",
        "pass",
    ),
    _one(
        "last frame not compared with the cursor",
        "a whole frame in place of the last acknowledged one comes back",
        "recovery.check_mark",
        "if same and",
        "if False and",
    ),
    # ---------------------------------------------------------------- one writer
    _one(
        "lock not taken",
        "two writers at once",
        "fence.Fence.__init__",
        "self._handles.append(disk.lock(path))",
        "pass",
    ),
    _one(
        "replaced writer not fenced",
        "a writer that lost its lock goes on beside the new one",
        "fence.Fence.check",
        "if found == self._stamp:",
        "if True:",
    ),
    _one(
        "epoch not stored",
        "the writer before cannot see that it was replaced",
        "fence.Fence.raise_epoch",
        "write_all(self._disk, handle, stamp, 0)",
        "stamp = self._read()",
    ),
    # ---------------------------------------------------------------- snapshots
    _one(
        "snapshot named before its sync",
        "a power loss leaves a snapshot without bytes, and the older one may be gone",
        "disk.write_file",
        "disk.sync(handle)",
        "pass",
    ),
    _one(
        "folder not synced after a snapshot",
        "a snapshot that was saved is gone with the power",
        "disk.write_file",
        "disk.sync_folder(path.parent)",
        "pass",
    ),
    _one(
        "snapshot one command ahead",
        "the command behind it is left out after recovery",
        "writer.Journal.save_snapshot",
        "snapshot = Snapshot(",
        "seq += 1\n    snapshot = Snapshot(",
    ),
    _one(
        "snapshot of what is not durable",
        "a power loss leaves a state of commands that are gone",
        "writer.Journal.save_snapshot",
        "if not 0 <= seq <= self._durable.seq:",
        "if not 0 <= seq:",
    ),
    _one(
        "snapshot hangs on an empty segment",
        "a segment without frames is made anew, and the snapshot does not fit it any more",
        "recovery.examine",
        "and start.offset > HEADER_BYTES",
        "",
    ),
    _one(
        "snapshot not checked",
        "a damaged state is used",
        "snapshots.read_snapshot",
        "if len(data) != size or crc32c(data) != checksum:",
        "if False:",
    ),
    _one(
        "newest snapshot removed",
        "of several snapshots the wrong ones stay",
        "snapshots.remove_snapshots",
        "[keep:]",
        "[:-keep]",
    ),
)
