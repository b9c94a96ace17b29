"""What a recording determines of the body, by segment and frame."""
