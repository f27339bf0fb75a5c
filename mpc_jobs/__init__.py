"""Secret-shared training among parties who never see the data. Not written yet."""
