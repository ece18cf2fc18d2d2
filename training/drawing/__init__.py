"""What training crops are drawn from: fonts, styles, grounds, plates, and the chain that captures them."""
