"""From a cause to a plan, an approval, an apply and its confirmation."""
