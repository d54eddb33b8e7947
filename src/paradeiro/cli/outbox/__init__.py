"""In: commands about what is sent (channels, carriers, mails, resend, deadlines); out: what they print."""
