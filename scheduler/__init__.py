"""What is due: timers fired, reminders written, messages sent."""
