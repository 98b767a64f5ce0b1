"""Huoju 火炬: a lead is a flame passed from hand to hand."""
