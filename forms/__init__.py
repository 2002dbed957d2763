"""What a person is asked, what is read in, what is printed."""
