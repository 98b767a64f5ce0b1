"""What a segment's definition says: parsing, checking, its plain form, and an interpreter over data in memory."""
