"""What a day's trading comes to: frames of documented columns in, frames of documented columns out."""
