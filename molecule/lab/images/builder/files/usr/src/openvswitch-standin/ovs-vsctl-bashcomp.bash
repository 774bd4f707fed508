# Stands for the completion of ovs-vsctl.
