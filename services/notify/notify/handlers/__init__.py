"""What notify does on a fact (`facts`), in its loops (`deliver`) and on a command (`subscriptions`): load, decide, save."""
