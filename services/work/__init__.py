"""What people do: judged here, written as events on ``tieout.work-events``, read back from their projection."""
