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
        "segment.finish(epoch=self.epoch, durable=self._durable)",
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
        "segments.Walk._frames",
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
        "a reader sees commands and remarks that a power loss may take back",
        "reader._walked",
        "end = mark.position if mark and mark.whole else None",
        "end = None",
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
        "missing = known.missing(walk.at, closed=walk.ended == CLOSED)",
        "missing = ''",
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
        "any(stray.proves_durable(walk.at, segment.header) for stray in later)",
        "True",
    ),
    _one(
        "torn tail not cut",
        "what is behind the last whole frame stays where the next one is written",
        "writer.Journal._take_over",
        "segment.finish(epoch=self.epoch)",
        "pass",
    ),
    _one(
        "recovered tail not synced",
        "a killed process's last frames count as durable and are in memory alone",
        "writer.Journal._take_over",
        "segment.finish(epoch=self.epoch)",
        "segment._disk = type('D', (), {'__getattr__': lambda s, n, d=self._disk: "
        "(lambda *a: None) if n == 'sync' else getattr(d, n)})()\n"
        "        segment.finish(epoch=self.epoch)",
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
        "writer.Journal.prepare_snapshot",
        "return Snapshot(",
        "seq += 1\n    return Snapshot(",
    ),
    _one(
        "snapshot of what is not durable",
        "a power loss leaves a state of commands that are gone",
        "writer.Journal.prepare_snapshot",
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
    # ---------------------------------------------------------------- remarks
    _one(
        "remark written after its commands",
        "commands are there without the remark that they were written with",
        "writer.Journal.append",
        'self._append_frame(part, count, COMMANDS, remark if first == 0 else b"")',
        "self._append_frame(part, count, COMMANDS)\n"
        "            if first == 0 and remark: self._append_frame(remark, 0, REMARK)",
    ),
    _one(
        "remark in a frame and a write of its own",
        "a remark is there without the commands that it was written with",
        "growing.Growing.write",
        "flags=BOUND",
        "flags=0",
    ),
    _one(
        "remark without its commands not cut",
        "recovery keeps a remark whose commands are torn",
        "segments.Walk.__iter__",
        "if step.frame.bound:",
        "if False:",
    ),
    _one(
        "remark alone not synced",
        "a remark is acknowledged that is in memory alone",
        "writer.Journal.sync",
        "if self._in_flight:",
        "if self._end.seq > self._durable.seq:",
    ),
    _one(
        "remarks lost at recovery",
        "a segment of remarks alone is made anew by the next writer, who does not take them along",
        "writer.Journal._take_over",
        "if found.end.seq < last.header.first_seq and found.end.offset > HEADER_BYTES:",
        "if False:",
    ),
    _one(
        "remarks taken along without a sync",
        "a segment of remarks alone is copied for the next writer, and the copy is in memory alone",
        "writer.Journal._go_on_with",
        "self._open.appear(self._spare)",
        "self._open._disk = type('D', (), {'__getattr__': lambda s, n, d=self._disk: "
        "(lambda *a: None) if n == 'sync' else getattr(d, n)})()\n"
        "    self._open.appear(self._spare)\n"
        "    self._open._disk = self._disk",
    ),
    Mutant(
        "remark not counted in the chain",
        "a remark from elsewhere comes back in place of another",
        (
            Edit(
                "growing.Growing.write",
                "previous=previous,\n        commands=count",
                "previous=self.end.chain,\n        commands=count",
            ),
            Edit(
                "growing.Growing.write",
                "self.header.first_seq, end, chain)",
                "self.header.first_seq, end, chain if codec != REMARK else self.end.chain)",
            ),
            Edit(
                "segments.Walk._frames",
                "chain = frame.checksum",
                "chain = chain if frame.codec == REMARK else frame.checksum",
            ),
        ),
    ),
    _one(
        "lost remark at the end not noticed",
        "the cursor knows a place behind the last command, and only commands are compared",
        "recovery.Known.missing",
        "known[:3] <= at[:3]",
        "True",
    ),
    _one(
        "durable remarks not told by later frames",
        "a damaged remark and what follows it are taken for a torn tail",
        "segments.Stray.proves_durable",
        "told = header",
        "told = False and header",
    ),
    _one(
        "snapshot hangs on a remark in flight",
        "a power loss leaves a snapshot that points behind the end of the journal",
        "writer.Journal._append_frame",
        "if count:",
        "if True:",
    ),
    _one(
        "remarks before the next command left out",
        "a reader who has some commands misses the remarks at the end of the segment before",
        "reader.stored_frames",
        "segment.header.first_seq <= after_seq",
        "segment.header.first_seq <= after_seq + 1",
    ),
)
