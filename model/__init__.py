"""What IKE may do: vocabulary, formats, specification, promises. Pure: no I/O, no clock."""
